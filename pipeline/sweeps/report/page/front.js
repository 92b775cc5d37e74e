// Draws the sets by two scores, with the front: the sets that no other one beats by all scores.

// More points than these hide each other; one of those at about the same place is drawn.
const GRID = 240;

function drawFront(chart, data, { across, up }) {
  const colours = theme();
  const both = (lane) => across.values[lane] !== null && up.values[lane] !== null;
  const on = new Set(data.front);
  const others = apart(data, data.order.filter((lane) => both(lane) && data.ranked[lane] && !on.has(lane)), across, up);
  const scaled = (figure, lanes) => lanes.map((lane) => SCALES[figure.kind].factor * figure.values[lane]);
  const said = (lane) =>
    [
      ...data.scores.map((one) => `${plotText(one.label)} ${formatNumber(one.values[lane], one.kind)}`),
      ...data.dimensions.map((one) => plotText(`${one.name} ${dimensionText(one, lane)}`)),
    ].join("<br>");
  const points = (lanes, more) => ({
    ...{ type: "scatter", mode: "markers", x: scaled(across, lanes), y: scaled(up, lanes) },
    ...{ text: lanes.map(said), hovertemplate: "%{text}<extra></extra>" },
    ...more,
  });
  const front = data.front.filter(both).sort((a, b) => across.values[a] - across.values[b]);
  // With more than two scores the front is no line in the plane of two.
  const joined = data.scores.length === 2 && front.length > 1 ? "lines+markers" : "markers";
  const traces = [
    points(others, { marker: { color: colours.muted, size: 5, opacity: 0.45 }, name: "others" }),
    points(front, {
      ...{ mode: joined, name: "front", marker: { color: colours.accent, size: 9 } },
      line: { color: colours.accent, width: 1, dash: "dot" },
    }),
  ];
  const named = (figure) => ({
    title: { text: plotText(`${figure.label}, ${figure.minimise ? "less" : "more"} is better`) },
    ticksuffix: SCALES[figure.kind].ticksuffix,
    zeroline: false,
  });
  const drawn = Plotly.react(
    chart,
    traces,
    layout(colours, {
      ...{ height: 400, showlegend: false, hovermode: "closest" },
      ...{ xaxis: axis(colours, named(across)), yaxis: axis(colours, named(up)) },
    }),
    config(),
  );
  return { drawn, others: others.length };
}

// Returns the lanes without those that lie at about the place of an earlier one.
function apart(data, lanes, across, up) {
  const place = (figure) => {
    const known = sortedNumbers(figure.values);
    const [low, high] = [known[0], known[known.length - 1]];
    return (lane) => Math.round((GRID * (figure.values[lane] - low)) / (high - low || 1));
  };
  const [x, y] = [place(across), place(up)];
  const taken = new Set();
  return lanes.filter((lane) => {
    const cell = x(lane) * (GRID + 1) + y(lane);
    return !taken.has(cell) && taken.add(cell);
  });
}
