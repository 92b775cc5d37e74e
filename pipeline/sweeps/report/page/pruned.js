// Draws the sets that halving has ended, each until it was ended, with the best ones beside them.

function drawPruned(chart, data) {
  const colours = theme();
  const { curves, rungs } = data.pruned;
  const dates = (days) => days.map((day) => day * DAY_MS);
  // All are one line with gaps, which is drawn at once.
  const lines = {
    ...{ type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false },
    x: curves.flatMap(({ days }) => [...dates(days), null]),
    y: curves.flatMap(({ growth }) => [...growth, null]),
    line: { color: colours.muted, width: 1 },
    opacity: 0.35,
  };
  const ends = curves.filter(({ days }) => days.length > 0);
  const marks = {
    ...{ type: "scatter", mode: "markers", name: "pruned, where it ended" },
    x: dates(ends.map(({ days }) => days[days.length - 1])),
    y: ends.map(({ growth }) => growth[growth.length - 1]),
    marker: { color: colours.muted, size: 5 },
    text: ends.map(({ label }) => plotText(label)),
    hovertemplate: "%{text}<br>%{y:,.4f}<extra></extra>",
  };
  const best = data.curves
    .filter(({ benchmark }) => !benchmark)
    .map(({ label, days, growth }, n) => ({
      ...{ type: "scatter", mode: "lines", x: dates(days), y: growth },
      ...{ name: plotText(shorten(label, isNarrow() ? 40 : LONGEST_NAME)), hovertemplate: "%{y:,.4f}" },
      line: { color: colours.lines[n % colours.lines.length], width: 1.8 },
    }));
  const shapes = rungs
    .filter(({ day }) => day !== null)
    .map(({ day }) => ({
      ...{ type: "line", x0: day * DAY_MS, x1: day * DAY_MS, yref: "paper", y0: 0, y1: 1 },
      line: { color: colours.muted, width: 1, dash: "dot" },
    }));
  const drawn = Plotly.react(
    chart,
    [lines, marks, ...best],
    layout(colours, {
      ...{ height: 380 + 19 * (best.length + 1), hovermode: "closest", showlegend: true, shapes },
      legend: { orientation: "v", x: 0, y: -0.12, yanchor: "top", font: { color: colours.ink } },
      xaxis: axis(colours, { type: "date", showgrid: false }),
      yaxis: axis(colours, { title: { text: "Growth of 1" } }),
    }),
    config(),
  );
  return { drawn };
}

// Says at which rungs how many sets were ended.
function prunedText({ lanes, rungs, curves }) {
  const at = rungs.map(({ sessions, ended, day }) => {
    const date = day === null ? "" : ` (${new Date(day * DAY_MS).toISOString().slice(0, 10)})`;
    return `${WHOLE.format(ended)} after ${formatCount(sessions, "session")}${date}`;
  });
  const some = curves.length < lanes ? ` ${WHOLE.format(curves.length)} of them are drawn.` : "";
  return `${formatCount(lanes, "set")} ended early by halving: ${at.join(", ")}.${some}`;
}
