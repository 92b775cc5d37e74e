// Makes the page of a run: the price chart and the table of trades beside it.

const FACTS = JSON.parse(document.getElementById("facts").textContent);

function tripColumns(trips) {
  const ahead = aheadOf(FACTS.offsets);
  const time = (seconds) => (seconds ? clockText(seconds + ahead(seconds), FACTS.base) : UNKNOWN);
  const held = (row) => (trips.exit[row] ? trips.exit[row] - trips.entry[row] : -1);
  const number = (label, value, text, descends = true) => ({
    ...{ label, kind: "number", value, descends },
    text,
  });
  const price = (name) => (row) =>
    Number.isFinite(trips[name][row]) ? PRICE.format(trips[name][row]) : UNKNOWN;
  const columns = [
    number(
      "#",
      (row) => row,
      (row) => WHOLE.format(row + 1),
      false,
    ),
    {
      ...{ label: "Symbol", kind: "text", descends: false },
      value: (row) => FACTS.symbols[trips.symbol[row]],
      text: (row) => FACTS.symbols[trips.symbol[row]],
    },
    {
      ...{ label: "Side", kind: "text", descends: false },
      value: (row) => -trips.long[row],
      text: (row) => (trips.long[row] ? "long" : "short"),
    },
    {
      ...number(
        "Profit",
        (row) => trips.profit[row],
        (row) => CENTS.format(trips.profit[row]),
      ),
      tone: (row) => (trips.profit[row] < 0 ? "lost" : "won"),
    },
    number(
      "Entry",
      (row) => trips.entry[row],
      (row) => time(trips.entry[row]),
      false,
    ),
    number(
      "Exit",
      (row) => trips.exit[row] || Infinity,
      (row) => time(trips.exit[row]),
      false,
    ),
    number("Held", held, (row) => (held(row) < 0 ? "open" : duration(held(row)))),
    number(
      "Units",
      (row) => trips.quantity[row],
      (row) => PLAIN.format(trips.quantity[row]),
    ),
    number("In at", (row) => trips.entry_price[row], price("entry_price")),
    number("Out at", (row) => trips.exit_price[row] || 0, price("exit_price")),
    number(
      "Commission",
      (row) => trips.commission[row],
      (row) => CENTS.format(trips.commission[row]),
    ),
    number(
      "Against",
      (row) => trips.adverse[row],
      (row) => PLAIN.format(trips.adverse[row]),
    ),
    number(
      "In favour",
      (row) => trips.favourable[row],
      (row) => PLAIN.format(trips.favourable[row]),
    ),
  ];
  // One symbol needs no column.
  return columns.filter(({ label }) => label !== "Symbol" || FACTS.symbols.length > 1);
}

function rowsBySymbol(symbols) {
  const found = FACTS.symbols.map(() => []);
  symbols.forEach((symbol, row) => found[symbol].push(row));
  return found;
}

// Returns how many decimals prices are shown with: as many as they have, of about six digits in all.
function digitsOf({ columns }, { high }) {
  const { grid } = columns.find((column) => column.name === "open");
  const highest = high.reduce((a, b) => Math.max(a, b), 1e-6);
  const most = Math.min(8, Math.max(2, 5 - Math.floor(Math.log10(highest))));
  if (grid === null) return most;
  const [step, divisor] = grid;
  let digits = 0;
  while (digits < most && (step * 10 ** digits) % divisor !== 0) digits++;
  return Math.max(digits, 2);
}

async function makePrices(trips, table) {
  const box = document.querySelector("#prices .candles");
  if (box === null) return null;
  const [sessions, columns] = await Promise.all(
    ["sessions", "resting"].map((id) => unpack(id, FACTS.blocks[id])),
  );
  const [mine, waiting] = [rowsBySymbol(trips.symbol), rowsBySymbol(columns.symbol)];
  const ahead = aheadOf(FACTS.offsets);
  const legend = document.querySelector("#prices .legend");
  const told = document.querySelector("#prices .told");
  const chart = new PriceChart(box, legend, told, FACTS);
  const select = document.querySelector("#prices select");
  const alone = document.querySelector("#prices input");
  let now = null;
  const show = async (symbol) => {
    if (symbol === now) return;
    now = symbol;
    select.value = symbol;
    const id = `bars-${symbol}`;
    const bars = await unpack(id, FACTS.blocks[id]);
    // Another symbol may have been asked for meanwhile.
    if (now !== symbol) return;
    const pyramid = new Pyramid(bars, sessions, ahead, FACTS.interval, FACTS.intervalName);
    const trades = {
      symbol: FACTS.symbols[symbol],
      trips,
      rows: mine[symbol],
      resting: { rows: waiting[symbol], columns },
    };
    chart.marks.choose(null);
    chart.setSymbol(pyramid, trades, digitsOf(FACTS.blocks[id], bars));
    filter();
  };
  const filter = () =>
    table?.filter(alone.checked ? (row) => trips.symbol[row] === now : () => true);
  select.addEventListener("change", () => show(Number(select.value)));
  alone.addEventListener("change", filter);
  if (table) {
    table.picked = async (row) => {
      if (!(`bars-${trips.symbol[row]}` in FACTS.blocks)) return;
      await show(trips.symbol[row]);
      if (now !== trips.symbol[row] || table.chosen !== row) return;
      table.choose(row);
      chart.showTrade(row);
    };
    chart.picked = (row) => {
      chart.marks.choose(row);
      table.choose(row);
    };
  }
  onTheme(() => chart.recolour());
  await show(Number(select.value));
  return { chart, show };
}

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

async function makePage() {
  const box = document.querySelector("#prices .trades");
  const trips = await unpack("trips", FACTS.blocks.trips);
  const rows = Array.from(trips.symbol, (_, row) => row);
  const note = document.querySelector("#prices .trips-note");
  const table = box === null ? null : new TradeTable(box, note, tripColumns(trips), rows);
  const prices = await makePrices(trips, table);
  await nextFrame();
  await nextFrame();
  return { drawn: performance.now(), table, ...prices };
}

themeButton(document.getElementById("theme"));
// A program that drives the page can wait for it.
window.runReport = makePage();
