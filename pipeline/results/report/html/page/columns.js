// Reads the columns of numbers in the page, as the Python that wrote them describes
// (`packing.py`).

function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Returns whole numbers from planes of their bytes: the lowest bytes first.
function wholesOf(bytes, offset, rows, width) {
  const wholes = width <= 4 ? new Int32Array(rows) : new Float64Array(rows);
  if (width <= 4) {
    for (let plane = 0; plane < width; plane++) {
      const first = offset + plane * rows;
      const shift = 8 * plane;
      for (let i = 0; i < rows; i++) wholes[i] |= bytes[first + i] << shift;
    }
    for (let i = 0; i < rows; i++) {
      const folded = wholes[i];
      wholes[i] = folded & 1 ? ~(folded >>> 1) : folded >>> 1;
    }
    return wholes;
  }
  let scale = 1;
  for (let plane = 0; plane < width; plane++) {
    const first = offset + plane * rows;
    for (let i = 0; i < rows; i++) wholes[i] += bytes[first + i] * scale;
    scale *= 256;
  }
  for (let i = 0; i < rows; i++) {
    wholes[i] = wholes[i] % 2 ? -(wholes[i] + 1) / 2 : wholes[i] / 2;
  }
  return wholes;
}

function added(differences) {
  const wholes = new Float64Array(differences.length);
  let sum = 0;
  for (let i = 0; i < differences.length; i++) wholes[i] = sum += differences[i];
  return wholes;
}

// Returns the values for which whole numbers stand.
function valuesOf(wholes, grid) {
  const rows = wholes.length;
  if (grid === null) {
    const bits = new Int32Array(rows);
    for (let i = 0; i < rows; i++) {
      bits[i] = wholes[i] < 0 ? -wholes[i] | 0x80000000 : wholes[i];
    }
    return new Float32Array(bits.buffer);
  }
  const [step, divisor] = grid;
  const values = new Float64Array(rows);
  for (let i = 0; i < rows; i++) values[i] = (wholes[i] * step) / divisor;
  return values;
}

// Returns open, high, low and close as whole numbers from what is kept of them.
function candlesOf({ open, high, low, close }) {
  const rows = open.length;
  const [opens, highs, lows, closes] = [0, 1, 2, 3].map(() => new Float64Array(rows));
  let before = 0;
  for (let i = 0; i < rows; i++) {
    const first = before + open[i];
    const last = first + close[i];
    opens[i] = first;
    closes[i] = last;
    highs[i] = Math.max(first, last) + high[i];
    lows[i] = Math.min(first, last) - low[i];
    before = last;
  }
  return { open: opens, high: highs, low: lows, close: closes };
}

// Returns the columns of a block by their names, as arrays of numbers.
async function unpack(id, { rows, columns }) {
  const bytes = await inflated(bytesOf(document.getElementById(id).textContent));
  const found = {};
  const candles = {};
  let offset = 0;
  let grid = null;
  for (const column of columns) {
    const wholes = wholesOf(bytes, offset, rows, column.width);
    offset += rows * column.width;
    if (column.kind === "candle") {
      candles[column.name] = wholes;
      grid = column.grid;
    } else {
      found[column.name] = valuesOf(column.kind === "delta" ? added(wholes) : wholes, column.grid);
    }
  }
  if (candles.open) {
    for (const [name, wholes] of Object.entries(candlesOf(candles))) {
      found[name] = valuesOf(wholes, grid);
    }
  }
  return found;
}
