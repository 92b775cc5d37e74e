// Colours and layout of all charts, for the light and the dark theme.

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

// From low to high, beginning near the page's own colour.
const SEQUENTIAL = {
  light: ["#e6eef4", "#b3cddf", "#74a5c5", "#3b7aa6", "#17507d", "#0a2d4e"],
  dark: ["#22303c", "#264b64", "#2d6c8f", "#4794b7", "#85c0d5", "#dff1f5"],
};
// From below zero to above it; the middle is near the page's colour.
const DIVERGING = {
  light: ["#8f3f0c", "#cf7d3c", "#efc9a4", "#f1f1ee", "#abcfdd", "#4a92b2", "#125072"],
  dark: ["#f6b377", "#bd6f33", "#6c4427", "#2b3037", "#245266", "#418dac", "#a5daeb"],
};
// These colours can be told apart also by people who confuse red and green.
const LINES = {
  light: ["#1f5f8b", "#c8641b", "#2a8a72", "#8a4f9e", "#b08a12", "#b23a5b", "#4d6a2d", "#5a5fb8"],
  dark: ["#6fb3da", "#f0a05a", "#63c3a8", "#c494d6", "#dcb94a", "#ee8aa6", "#a3c473", "#a3a8f0"],
};

function theme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const shade = isDark() ? "dark" : "light";
  return {
    ink: colour("ink"),
    muted: colour("muted"),
    line: colour("line"),
    grid: colour("grid"),
    surface: colour("surface"),
    accent: colour("accent"),
    sequential: SEQUENTIAL[shade],
    diverging: DIVERGING[shade],
    lines: LINES[shade],
  };
}

function isNarrow() {
  return window.innerWidth < 600;
}

function config() {
  return {
    responsive: true,
    displaylogo: false,
    displayModeBar: isNarrow() ? false : "hover",
    // Plotly's button that uploads a chart is left out. The buttons are named one by one, so that a
    // later version cannot add one.
    showSendToCloud: false,
    plotlyServerURL: "",
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
  };
}

function axis(colours, more) {
  return {
    gridcolor: colours.grid,
    linecolor: colours.line,
    zerolinecolor: colours.line,
    tickfont: { color: colours.muted },
    automargin: true,
    separatethousands: true,
    ...more,
    // Without a standoff a title lies over long labels.
    title: { font: { color: colours.ink }, standoff: 10, ...more.title },
  };
}

function layout(colours, more) {
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: FONT, size: 12, color: colours.ink },
    // Room for the buttons above the chart.
    margin: { l: 48, r: 12, t: 32, b: 40 },
    hoverlabel: {
      bgcolor: colours.surface,
      bordercolor: colours.line,
      font: { family: FONT, size: 12, color: colours.ink },
      align: "left",
    },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colours.muted, activecolor: colours.ink },
    ...more,
  };
}

// Returns the scale and range of colours for `values`: around zero if they lie on both sides of it,
// and deepest where they are best. The outermost hundredths do not widen the range, because one
// extreme set would leave all others in one colour.
function colouring(colours, values, minimise) {
  const sorted = sortedNumbers(values);
  const cut = sorted.length > 100 ? 0.01 : 0;
  let [low, high] = [quantile(sorted, cut) ?? 0, quantile(sorted, 1 - cut) ?? 1];
  const clipped = sorted.length > 0 && (sorted[0] < low || sorted[sorted.length - 1] > high);
  const around = low < 0 && high > 0 && Math.min(-low, high) > 0.15 * Math.max(-low, high);
  if (around) [low, high] = [-Math.max(-low, high), Math.max(-low, high)];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const shades = [...(around ? colours.diverging : colours.sequential)];
  if (minimise) shades.reverse();
  const scale = shades.map((shade, i) => [i / (shades.length - 1), shade]);
  return { scale, low, high, clipped };
}

function colourBar(colours, figure) {
  return {
    thickness: 10,
    outlinewidth: 0,
    tickfont: { color: colours.muted, size: 11 },
    separatethousands: true,
    ticksuffix: SCALES[figure.kind].ticksuffix,
    nticks: 6,
  };
}
