// Draws a figure over two parameters: a cell stands for the sets that have its two values.

// Returns the lanes of each cell; `x` and `y` are results of levelsOf.
function cellsOf(x, y) {
  const cells = y.labels.map(() => x.labels.map(() => []));
  x.codes.forEach((column, lane) => {
    const row = y.codes[lane];
    if (column >= 0 && row >= 0) cells[row][column].push(lane);
  });
  return cells;
}

function cellValue(lanes, values, rank, aggregate) {
  if (lanes.length === 0) return null;
  if (aggregate === "best") {
    return values[lanes.reduce((best, lane) => (rank[lane] < rank[best] ? lane : best))];
  }
  return quantile(sortedNumbers(lanes.map((lane) => values[lane])), 0.5);
}

// Draws `figure` over the dimensions `across` and `up`, or in one row if there is no `up`.
function drawHeatmap(chart, data, { across, up, figure, aggregate }) {
  const colours = theme();
  const { x, y } = levelsOfPair(across, up);
  const cells = cellsOf(x, y);
  const z = cells.map((row) =>
    row.map((lanes) => cellValue(lanes, figure.values, data.rank, aggregate)),
  );
  const { scale, low, high, clipped } = colouring(colours, z.flat(), figure.minimise);
  const { factor } = SCALES[figure.kind];
  const told = (name, level) => `${plotText(shorten(name))}: ${plotText(level)}`;
  const text = cells.map((row, j) =>
    row.map((lanes, i) =>
      [
        told(across.name, x.labels[i]),
        ...(up ? [told(up.name, y.labels[j])] : []),
        `<b>${plotText(figure.label)}: ${formatNumber(z[j][i], figure.kind)}</b>`,
        formatCount(lanes.length, "set"),
      ].join("<br>"),
    ),
  );
  const shown = cells.flat().reduce((sum, lanes) => sum + lanes.length, 0);
  const ticks = { type: "category", showgrid: false, ticks: "", zeroline: false };
  const title = (name) => ({ text: plotText(shorten(name)) });
  const gap = Math.max(x.labels.length, y.labels.length) > 60 ? 0 : 1;
  const trace = {
    type: "heatmap",
    x: x.labels.map(plotText),
    y: y.labels.map(plotText),
    z: z.map((row) => row.map((value) => (value === null ? null : factor * value))),
    text,
    hovertemplate: "%{text}<extra></extra>",
    hoverongaps: false,
    colorscale: scale,
    zmin: factor * low,
    zmax: factor * high,
    xgap: gap,
    ygap: gap,
    colorbar: colourBar(colours, figure),
  };
  const drawn = Plotly.react(
    chart,
    [trace],
    layout(colours, {
      height: up ? (isNarrow() ? 380 : 500) : 190,
      xaxis: axis(colours, { ...ticks, title: title(across.name) }),
      yaxis: axis(colours, { ...ticks, title: title(up ? up.name : "") }),
    }),
    config(),
  );
  return { drawn, shown, ranges: Boolean(x.ranges || y.ranges), clipped };
}
