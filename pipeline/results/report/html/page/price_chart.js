// The price chart: candles, volume and indicators of one symbol in the interval that fits the view.
//
// Only the bars around the view are given to the chart. When the view changes, `#settle` looks
// whether another interval fits it better, or whether it has come near the end of what was given.

// A bar has at least so many pixels; where it would have less, bars are joined.
const LEAST_PIXELS = 1.3;
// The interval stays until its bars have this share of the least.
const SLACK = 0.7;
// So many views lie on each side of the one that is shown.
const MARGIN = 1.25;

class PriceChart {
  constructor(box, legend, told, facts) {
    this.box = box;
    this.legend = legend;
    this.told = told;
    this.facts = facts;
    this.marks = new TradeMarks();
    this.at = 0;
    this.low = 0;
    this.high = 0;
    this.pressed = false;
    this.due = false;
    // The view that was asked for and that the chart has not drawn yet; null if it has.
    this.asked = null;
    this.pyramid = null;
    this.picked = () => {};
    this.#make();
    this.#listen();
  }

  #make() {
    const charts = LightweightCharts;
    this.chart = charts.createChart(this.box, { autoSize: true, ...this.#looks() });
    const quiet = { priceLineVisible: false, lastValueVisible: false };
    this.candles = this.chart.addSeries(charts.CandlestickSeries, quiet);
    this.volume = this.chart.addSeries(charts.HistogramSeries, {
      ...quiet,
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
    });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.2 } });
    this.lines = this.facts.lines.map((line) =>
      this.chart.addSeries(
        charts.LineSeries,
        { ...quiet, lineWidth: 1.5, crosshairMarkerVisible: false },
        line.pane,
      ),
    );
    const panes = this.chart.panes();
    panes.forEach((pane, at) => pane.setStretchFactor(at === 0 ? 1 : 0.28));
    this.candles.attachPrimitive(this.marks);
    this.recolour();
  }

  #looks() {
    const colours = palette();
    return {
      layout: {
        attributionLogo: false,
        background: { type: "solid", color: "transparent" },
        textColor: colours.muted,
        fontFamily: getComputedStyle(document.body).fontFamily,
        panes: { separatorColor: colours.line, enableResize: true },
      },
      grid: { vertLines: { color: colours.grid }, horzLines: { color: colours.grid } },
      rightPriceScale: { borderColor: colours.line },
      timeScale: {
        borderColor: colours.line,
        timeVisible: true,
        secondsVisible: false,
        minBarSpacing: 0.3,
      },
      crosshair: { mode: 0 },
      kineticScroll: { touch: false, mouse: false },
      localization: { locale: "en-US" },
    };
  }

  // Takes the colours of the page, which may have changed.
  recolour() {
    const colours = palette();
    this.marks.colours = colours;
    this.chart.applyOptions(this.#looks());
    this.candles.applyOptions({
      upColor: colours.gain,
      borderUpColor: colours.gain,
      wickUpColor: colours.gain,
      downColor: colours.loss,
      borderDownColor: colours.loss,
      wickDownColor: colours.loss,
    });
    this.volume.applyOptions({ color: colours.line });
    this.lines.forEach((line, at) => line.applyOptions({ color: this.#lineColour(at) }));
    if (this.pyramid !== null) this.#tell(null);
  }

  #lineColour(at) {
    const { lines } = palette();
    return lines[at % lines.length];
  }

  #listen() {
    const scale = this.chart.timeScale();
    scale.subscribeVisibleLogicalRangeChange(() => this.#settleSoon());
    this.box.addEventListener("pointerdown", () => (this.pressed = true));
    for (const kind of ["pointerup", "pointercancel"]) {
      window.addEventListener(kind, () => {
        if (!this.pressed) return;
        this.pressed = false;
        this.#settleSoon();
      });
    }
    this.box.addEventListener("keydown", (event) => this.#key(event));
    this.chart.subscribeCrosshairMove((param) => this.#tell(param.logical ?? null));
    this.chart.subscribeClick((param) => {
      if (!param.point) return;
      const trade = this.marks.nearest(param.point.x, param.point.y);
      if (trade !== null) this.picked(trade);
    });
  }

  #key(event) {
    const view = this.view();
    if (view === null) return;
    const [from, to] = view;
    const wide = to - from;
    const moved = {
      ArrowLeft: [from - wide / 5, to - wide / 5],
      ArrowRight: [from + wide / 5, to + wide / 5],
      "+": [from + wide / 6, to - wide / 6],
      "-": [from - wide / 4, to + wide / 4],
      Home: null,
    };
    if (!(event.key in moved)) return;
    event.preventDefault();
    if (event.key === "Home") this.showAll();
    else this.show(...moved[event.key].map((place) => timeAt(this.#level(), place)));
  }

  #level() {
    return this.pyramid.level(this.at);
  }

  // Shows another symbol: its pyramid, its trades and its stops and limits.
  setSymbol(pyramid, trades, digits) {
    this.pyramid = pyramid;
    this.trades = trades;
    this.digits = digits;
    this.placed = new Map();
    const format = { type: "price", precision: digits, minMove: 10 ** -digits };
    this.candles.applyOptions({ priceFormat: format });
    this.lines.forEach((line, at) => {
      const own = this.facts.lines[at].pane > 0;
      line.applyOptions({ priceFormat: own ? { type: "price", precision: 2 } : format });
    });
    this.showAll();
  }

  showAll() {
    const finest = this.pyramid.level(0);
    const last = finest.begin.length - 1;
    this.show(finest.begin[0], finest.end[last]);
  }

  // Shows a span of time, in seconds UTC.
  show(begin, end) {
    this.#load(this.#fitting(begin, end, null), begin, end);
  }

  // Returns the first and the last place in view, among the bars of the level; null without a view.
  view() {
    if (this.asked !== null) return this.asked;
    const range = this.chart.timeScale().getVisibleLogicalRange();
    return range === null ? null : [this.low + range.from, this.low + range.to];
  }

  // Returns the finest level of which a span has few enough bars; `now` stays a little longer.
  #fitting(begin, end, now) {
    const most = Math.max(120, (this.box.clientWidth - 60) / LEAST_PIXELS);
    const bars = (at) => {
      const level = this.pyramid.level(at);
      return placeAt(level, end) - placeAt(level, begin);
    };
    let at = 0;
    while (at < this.pyramid.count - 1 && bars(at) > most) {
      if (at === now && bars(at) * SLACK <= most) break;
      at++;
    }
    return at;
  }

  // The chart says that its view changes while it still changes it, so nothing is done before the
  // next frame. A view that is dragged would jump if its bars were replaced meanwhile.
  #settleSoon() {
    if (this.pressed || this.due || this.asked !== null) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      if (this.pressed || this.asked !== null) return;
      this.#settle();
      this.#tell(null);
    });
  }

  #settle() {
    const view = this.view();
    if (view === null || this.pyramid === null) return;
    const [from, to] = view;
    const [begin, end] = view.map((place) => timeAt(this.#level(), place));
    const wanted = this.#fitting(begin, end, this.at);
    const near = (to - from) / 2;
    const short =
      (from < this.low + near && this.low > 0) ||
      (to > this.high - near && this.high < this.#level().begin.length);
    if (wanted !== this.at || short) this.#load(wanted, begin, end);
  }

  // Gives the chart the bars of a level around a span of time, and shows that span.
  #load(at, begin, end) {
    this.at = at;
    const level = this.#level();
    const [from, to] = [placeAt(level, begin), placeAt(level, end)];
    const margin = Math.ceil(MARGIN * Math.max(to - from, 40));
    this.low = Math.max(0, Math.floor(from) - margin);
    this.high = Math.min(level.begin.length, Math.ceil(to) + margin);
    this.#give(level);
    this.marks.show(this.#placed(at), level, this.low);
    const scale = this.chart.timeScale();
    scale.applyOptions({ timeVisible: level.seconds < DAY });
    scale.setVisibleLogicalRange({ from: from - this.low, to: to - this.low });
    this.#await([from, to]);
    this.#tell(null);
  }

  // The chart takes a view when it draws the next frame; until then it tells of the one before.
  #await(view) {
    this.asked = view;
    const frame = (then) => requestAnimationFrame(then);
    frame(() =>
      frame(() => {
        if (this.asked !== view) return;
        this.asked = null;
        this.#settle();
        this.#tell(null);
      }),
    );
  }

  #give(level) {
    const { time, open, high, low, close, volume } = level;
    const candles = [];
    const volumes = [];
    for (let i = this.low; i < this.high; i++) {
      candles.push({ time: time[i], open: open[i], high: high[i], low: low[i], close: close[i] });
      volumes.push({ time: time[i], value: volume[i] });
    }
    this.candles.setData(candles);
    this.volume.setData(volumes);
    this.lines.forEach((line, at) => {
      const values = level.lines[at];
      const data = [];
      for (let i = this.low; i < this.high; i++) {
        data.push(
          Number.isFinite(values[i]) ? { time: time[i], value: values[i] } : { time: time[i] },
        );
      }
      line.setData(data);
    });
  }

  // Returns the symbol's trades and resting orders with their places on a level.
  #placed(at) {
    if (!this.placed.has(at)) {
      const { begin } = this.pyramid.level(at);
      const places = (rows, time) =>
        Int32Array.from(rows, (row) => Math.max(0, placeBefore(begin, time(row))));
      const { trips, rows, resting } = this.trades;
      this.placed.set(at, {
        ...this.trades,
        entered: places(rows, (row) => trips.entry[row]),
        left: places(rows, (row) => trips.exit[row] || Infinity),
        begun: places(resting.rows, (row) => resting.columns.begin[row]),
        ended: places(resting.rows, (row) => resting.columns.end[row]),
      });
    }
    return this.placed.get(at);
  }

  // Shows a trade in the middle of the view, with some bars around it.
  showTrade(row) {
    const { trips } = this.trades;
    const finest = this.pyramid.level(0);
    const first = placeBefore(finest.begin, trips.entry[row]);
    const exit = trips.exit[row] || finest.end[finest.end.length - 1];
    const last = placeBefore(finest.begin, exit);
    const around = Math.max(40, 0.75 * (last - first));
    this.marks.choose(row);
    this.show(timeAt(finest, first - around), timeAt(finest, last + around));
  }

  // Writes interval, prices and indicators of a bar, by default the last one in view.
  #tell(logical) {
    const level = this.#level();
    const place = logical === null ? this.view()?.[1] : this.low + logical;
    const last = level.begin.length - 1;
    const i = Math.min(last, Math.max(0, Math.round(place ?? last)));
    const format = (value) => value.toFixed(this.digits);
    const parts = [
      element("b", { text: `${this.trades.symbol}, ${level.name}` }),
      element("span", { text: clockText(level.time[i], level.seconds) }),
      ...["open", "high", "low", "close"].map((name) =>
        element("span", { text: `${name} ${format(level[name][i])}` }),
      ),
      element("span", { text: `volume ${WHOLE.format(level.volume[i])}` }),
      ...this.facts.lines.map((line, at) => {
        const value = level.lines[at][i];
        const shown = line.pane ? PLAIN.format(value) : value.toFixed(this.digits + 1);
        const text = `${line.name} ${Number.isFinite(value) ? shown : UNKNOWN}`;
        const part = element("span", { text, title: line.label });
        part.style.color = this.#lineColour(at);
        return part;
      }),
    ];
    this.legend.replaceChildren(...parts);
    const view = this.view();
    if (view === null) return;
    const edge = (at) => Math.min(last, Math.max(0, Math.round(at)));
    const [first, end] = view.map(edge);
    this.told.textContent =
      `${this.trades.symbol} in bars of ${level.name}, ${clockText(level.time[first], level.seconds)} ` +
      `to ${clockText(level.time[end], level.seconds)}.`;
  }
}
