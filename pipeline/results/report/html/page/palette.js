// Colours of the price chart, which is drawn on a canvas and takes none from the style by itself.

// These colours can be told apart also by people who confuse red and green.
const LINE_COLOURS = {
  light: ["#c8641b", "#1f5f8b", "#8a4f9e", "#b08a12", "#2a8a72", "#b23a5b", "#4d6a2d", "#5a5fb8"],
  dark: ["#f0a05a", "#6fb3da", "#c494d6", "#dcb94a", "#63c3a8", "#ee8aa6", "#a3c473", "#a3a8f0"],
};

function palette(dark = isDark()) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["ink", "muted", "line", "grid", "surface", "accent", "gain", "loss", "chosen"];
  return {
    ...Object.fromEntries(names.map((name) => [name, colour(name)])),
    lines: LINE_COLOURS[dark ? "dark" : "light"],
  };
}
