// Parallel coordinates: one axis for each parameter and score, one line for each set.
//
// They are drawn on a canvas of our own. Plotly's need WebGL, which not every browser has, compile
// code, which the page's content security policy forbids, and take seconds without a graphics card.

const BEST_SHARE = 0.1;
const AXIS_WIDTH = 104;
const SHADES = 32;
const LEAST_DRAG = 4;

// Returns the range of the best tenth of the score, as places of its axis, if sets differ enough.
function bestTenth(score, axis) {
  const sorted = sortedNumbers(score.values);
  if (sorted.length < 20 || sorted[0] === sorted[sorted.length - 1]) return null;
  const edge = axis.place(quantile(sorted, score.minimise ? BEST_SHARE : 1 - BEST_SHARE));
  const ends = score.minimise ? [axis.place(sorted[0]), edge] : [edge, 1];
  return [ends[0] - 1e-6, ends[1] + 1e-6];
}

function isSelected(axes, lane) {
  return axes.every(
    ({ brush, places }) => brush === null || (places[lane] >= brush[0] && places[lane] <= brush[1]),
  );
}

// Returns `count` colours along a scale of Plotly's form, [place, "#rrggbb"] each.
function shadesOf(scale, count) {
  const parts = scale.map(([, hex]) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  return Array.from({ length: count }, (_, number) => {
    const place = (number / (count - 1)) * (parts.length - 1);
    const below = Math.min(Math.floor(place), parts.length - 2);
    const mixed = parts[below].map((c, i) => c + (parts[below + 1][i] - c) * (place - below));
    return `rgb(${mixed.map(Math.round).join(",")})`;
  });
}

class ParallelCoordinates {
  // `told` is called with the number of selected sets whenever it may have changed.
  constructor(chart, data, told) {
    this.data = data;
    this.told = told;
    this.axes = data.dimensions.map(dimensionAxis);
    this.axes.push(...data.scores.filter(hasValues).map(figureAxis));
    const score = this.axes.find((one) => one.source === data.scores[0]);
    score.brush = bestTenth(data.scores[0], score);
    this.figure = data.scores[0];
    this.others = element("canvas", { class: "others" });
    this.selected = element("canvas");
    this.labels = element("div", { class: "axes" });
    this.box = element("div", { class: "parallel" }, this.others, this.selected, this.labels);
    this.box.setAttribute("role", "img");
    this.box.setAttribute("aria-label", "Parallel coordinates of all sets");
    chart.replaceChildren(this.box);
    new ResizeObserver(() => this.resize()).observe(this.others);
  }

  // Colours the lines by `figure`, and adds an axis for it if there is none.
  draw(figure) {
    this.figure = figure;
    this.axes = this.axes.filter((one) => !one.extra || one.source === figure);
    if (!this.axes.some((one) => one.source === figure)) {
      this.axes.push({ ...figureAxis(figure), extra: true });
    }
    this.colours = theme();
    const { scale, low, high } = colouring(this.colours, figure.values, figure.minimise);
    this.shades = shadesOf(scale, SHADES);
    const share = (value) => Math.max(0, Math.min(1, ((value ?? low) - low) / (high - low)));
    this.shade = Uint8Array.from(figure.values, (v) => Math.round(share(v) * (SHADES - 1)));
    this.gradient = { low: this.axisPlace(low), high: this.axisPlace(high) };
    this.box.style.minWidth = `${AXIS_WIDTH * this.axes.length}px`;
    this.drawAxes();
    this.drawAll();
  }

  axisPlace(value) {
    const axis = this.axes.find((one) => one.source === this.figure);
    return Math.max(0, Math.min(1, axis.place(value)));
  }

  x(number) {
    return ((number + 0.5) / this.axes.length) * this.box.clientWidth;
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.others;
    if (this.size && (width !== this.size.width || height !== this.size.height)) this.drawAll();
  }

  drawAll() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.others;
    for (const canvas of [this.others, this.selected]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.size = { width, height };
    const faint = Math.max(0.08, Math.min(0.9, 150 / this.data.lanes));
    this.drawLines(this.others, this.data.order, () => this.colours.muted, faint);
    this.drawSelected();
  }

  drawSelected() {
    const lanes = this.data.order.filter((lane) => isSelected(this.axes, lane));
    // The best sets are drawn last, so that they are on top.
    const colour = (lane) => this.shades[this.shade[lane]];
    const opacity = Math.max(0.25, Math.min(0.9, 300 / lanes.length));
    this.drawLines(this.selected, [...lanes].reverse(), colour, opacity);
    this.told(lanes.length);
  }

  drawLines(canvas, lanes, colour, opacity) {
    const pen = canvas.getContext("2d");
    const { width, height } = this.size;
    pen.clearRect(0, 0, width, height);
    pen.globalAlpha = opacity;
    const columns = this.axes.map((one, number) => [this.x(number), one.places]);
    for (const lane of lanes) {
      pen.strokeStyle = colour(lane);
      pen.beginPath();
      for (const [x, places] of columns) pen.lineTo(x, (1 - places[lane]) * height);
      pen.stroke();
    }
  }

  drawAxes() {
    this.labels.replaceChildren(...this.axes.map((one, number) => this.axisElement(one, number)));
  }

  axisElement(one, number) {
    const name = element("div", { class: "name", text: one.name, title: one.name });
    const brush = element("div", { class: "brush" });
    const ticks = one.ticks.map(({ place, text }) => {
      const tick = element("span", { class: "tick", text });
      tick.style.bottom = `${100 * place}%`;
      return tick;
    });
    const track = element("div", { class: "track" }, ...ticks, brush);
    if (one.source === this.figure) track.append(this.scaleElement());
    const made = element("div", { class: "axis" }, name, track);
    made.style.left = `${(100 * (number + 0.5)) / this.axes.length}%`;
    this.placeBrush(one, brush);
    this.letSelect(one, track, brush);
    this.letMove(one, name, made);
    return made;
  }

  // The scale of the colours stands beside the axis of their figure.
  scaleElement() {
    const made = element("div", { class: "scale" });
    made.style.bottom = `${100 * this.gradient.low}%`;
    made.style.height = `${100 * (this.gradient.high - this.gradient.low)}%`;
    made.style.background = `linear-gradient(to top, ${this.shades.join(",")})`;
    return made;
  }

  placeBrush(one, brush) {
    brush.hidden = one.brush === null;
    if (one.brush === null) return;
    const [low, high] = one.brush.map((end) => Math.max(0, Math.min(1, end)));
    brush.style.bottom = `${100 * low}%`;
    brush.style.height = `max(2px, ${100 * (high - low)}%)`;
  }

  // A drag along the track selects sets; a click ends the selection.
  letSelect(one, track, brush) {
    let start = null;
    let frame = null;
    const place = (event) => {
      const box = track.getBoundingClientRect();
      return 1 - (event.clientY - box.top) / box.height;
    };
    const show = () => {
      this.placeBrush(one, brush);
      frame ??= requestAnimationFrame(() => {
        frame = null;
        this.drawSelected();
      });
    };
    track.addEventListener("pointerdown", (event) => {
      track.setPointerCapture(event.pointerId);
      start = place(event);
    });
    track.addEventListener("pointermove", (event) => {
      if (start === null) return;
      const end = place(event);
      if (Math.abs(end - start) * track.clientHeight < LEAST_DRAG) return;
      one.brush = [Math.min(start, end), Math.max(start, end)];
      show();
    });
    track.addEventListener("pointerup", (event) => {
      if (start === null) return;
      if (Math.abs(place(event) - start) * track.clientHeight < LEAST_DRAG) one.brush = null;
      start = null;
      show();
    });
    track.addEventListener("pointercancel", () => (start = null));
  }

  // A drag of the name moves the axis to the place where it is dropped.
  letMove(one, name, made) {
    let start = null;
    name.addEventListener("pointerdown", (event) => {
      name.setPointerCapture(event.pointerId);
      start = event.clientX;
    });
    name.addEventListener("pointermove", (event) => {
      if (start !== null) made.style.transform = `translateX(${event.clientX - start}px)`;
    });
    name.addEventListener("pointerup", (event) => {
      if (start === null) return;
      const width = this.box.clientWidth / this.axes.length;
      const steps = Math.round((event.clientX - start) / width);
      start = null;
      const from = this.axes.indexOf(one);
      const to = Math.max(0, Math.min(this.axes.length - 1, from + steps));
      this.axes.splice(to, 0, ...this.axes.splice(from, 1));
      this.drawAxes();
      if (to !== from) this.drawAll();
    });
    name.addEventListener("pointercancel", () => {
      start = null;
      made.style.transform = "";
    });
  }
}
