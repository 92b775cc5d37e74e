// Runs before anything is drawn: the reader's colours, light or dark, are an attribute of the page.
document.documentElement.dataset.theme = window.matchMedia("(prefers-color-scheme: dark)").matches
  ? "dark"
  : "light";
