// Light and dark: as the reader's system has it, until a button is pressed.

const THEMED = [];

function isDark() {
  return document.documentElement.dataset.theme === "dark";
}

// Calls a function whenever the colours have changed.
function onTheme(changed) {
  THEMED.push(changed);
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  for (const changed of THEMED) changed();
}

// Lets a button change the colours; its text says to what.
function themeButton(button) {
  const name = () => (button.textContent = isDark() ? "Light" : "Dark");
  button.hidden = false;
  name();
  onTheme(name);
  button.addEventListener("click", () => setTheme(!isDark()));
  window
    .matchMedia("(prefers-color-scheme: dark)")
    .addEventListener("change", (event) => setTheme(event.matches));
}
