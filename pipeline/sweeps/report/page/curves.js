// Draws the distribution of a figure over the sets, and the growth of the best sets' equity.

const BARS = 60;
const DAY_MS = 86_400_000;
const LONGEST_NAME = 130;

// Returns the bars of a histogram; the outermost two also count the values beyond them.
function barsOf(sorted) {
  const cut = sorted.length > 200 ? 0.005 : 0;
  const first = sorted[0];
  const last = sorted[sorted.length - 1];
  let [low, high] = [quantile(sorted, cut), quantile(sorted, 1 - cut)];
  // Values a little outside the range are shown at their place.
  const slack = 0.25 * (high - low);
  low = Math.max(first, low - slack);
  high = Math.min(last, high + slack);
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const count = Math.max(1, Math.min(BARS, Math.ceil(2 * Math.sqrt(sorted.length))));
  const width = (high - low) / count;
  const counts = new Array(count).fill(0);
  for (const value of sorted) {
    const bar = Math.floor((value - low) / width);
    counts[Math.max(0, Math.min(count - 1, bar))] += 1;
  }
  const beyond = sorted.filter((value) => value < low || value > high).length;
  return { low, width, counts, beyond };
}

function drawDistribution(chart, data, { figure }) {
  const colours = theme();
  const sorted = sortedNumbers(figure.values);
  const { low, width, counts, beyond } = barsOf(sorted);
  const middle = quantile(sorted, 0.5);
  const { factor, ticksuffix } = SCALES[figure.kind];
  const most = counts.reduce((a, b) => Math.max(a, b));
  const from = (bar) => formatNumber(low + bar * width, figure.kind);
  const trace = {
    type: "bar",
    x: counts.map((_, bar) => factor * (low + (bar + 0.5) * width)),
    y: counts,
    width: factor * width,
    marker: { color: colours.accent, line: { color: colours.surface, width: 1 } },
    text: counts.map(
      (n, bar) => `${from(bar)} to ${from(bar + 1)}<br><b>${formatCount(n, "set")}</b>`,
    ),
    textposition: "none",
    hovertemplate: "%{text}<extra></extra>",
  };
  const drawn = Plotly.react(
    chart,
    [trace],
    layout(colours, {
      height: 300,
      bargap: 0,
      xaxis: axis(colours, {
        title: { text: plotText(figure.label) },
        ticksuffix,
        showgrid: false,
      }),
      yaxis: axis(colours, {
        title: { text: "Sets" },
        tickformat: ",",
        // Counts of sets are whole numbers, and so are the ticks.
        ...(most < 6 ? { dtick: 1 } : {}),
      }),
      shapes: [
        {
          type: "line",
          x0: factor * middle,
          x1: factor * middle,
          yref: "paper",
          y0: 0,
          y1: 1,
          line: { color: colours.ink, width: 1, dash: "dot" },
        },
      ],
      annotations: [
        {
          x: factor * middle,
          yref: "paper",
          y: 1,
          yanchor: "bottom",
          text: `median ${formatNumber(middle, figure.kind)}`,
          showarrow: false,
          font: { color: colours.ink, size: 12 },
        },
      ],
    }),
    config(),
  );
  return { drawn, known: sorted.length, beyond };
}

function drawEquity(chart, data, { scale }) {
  const colours = theme();
  let line = 0;
  const traces = data.curves.map((curve) => ({
    type: "scatter",
    mode: "lines",
    name: plotText(shorten(curve.label, isNarrow() ? 40 : LONGEST_NAME)),
    x: curve.days.map((day) => day * DAY_MS),
    y: curve.growth,
    line: curve.benchmark
      ? { color: colours.muted, width: 1.5, dash: "dash" }
      : { color: colours.lines[line++ % colours.lines.length], width: 1.6 },
    hovertemplate: "%{y:,.4f}",
    hoverlabel: { namelength: 30 },
  }));
  const drawn = Plotly.react(
    chart,
    traces,
    layout(colours, {
      height: 380 + 19 * traces.length,
      hovermode: isNarrow() ? "closest" : "x unified",
      showlegend: true,
      legend: { orientation: "v", x: 0, y: -0.12, yanchor: "top", font: { color: colours.ink } },
      xaxis: axis(colours, { type: "date", showgrid: false }),
      yaxis: axis(colours, {
        type: scale,
        title: { text: "Growth of 1" },
        ...(scale === "log" ? { nticks: 8 } : {}),
      }),
    }),
    config(),
  );
  return { drawn };
}
