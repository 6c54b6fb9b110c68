// Which call goes into which row of the timeline. Few retry chains get a row each, and the other calls of their client lanes
// beside them; where that would be too many to look at, a client's chains share lanes too.

const MOST_ROWS = 15;

function rowsOf(run) {
  const clients = new Map(), chains = new Set();
  for (const row of run.rows) {
    if (!clients.has(row.client)) clients.set(row.client, new Map());
    const strands = clients.get(row.client), key = row.chain ?? `call ${row.number}`;
    if (row.chain != null) chains.add(row.chain);
    strands.has(key) ? strands.get(key).push(row) : strands.set(key, [row]);
  }
  const crowded = chains.size > MOST_ROWS, rows = [];
  const inTime = [...clients].map(([client, strands]) => [client, [...strands.values()].map(inOrder).sort((a, b) => a[0].at - b[0].at)])
    .sort(([one, a], [other, b]) => a[0][0].at - b[0][0].at || one.localeCompare(other, "en", { numeric: true }));
  for (const [client, strands] of inTime) {
    const mine = [], own = strand => !crowded && strand[0].chain != null;
    for (const strand of strands.filter(own)) mine.push({ label: `chain ${strand[0].chain}`, calls: strand });
    lanes(run, strands.filter(strand => !own(strand))).forEach((calls, place) => mine.push({ label: place ? "" : chains.size && !crowded ? "other calls" : "calls", calls }));
    if (clients.size > 1) {
      mine[0].heading = client;
      if (!mine[0].label.startsWith("chain")) mine[0].label = "";
    }
    rows.push(...mine);
  }
  return rows;
}

const inOrder = calls => calls.sort((a, b) => a.at - b.at || a.number - b.number);

// Strands that overlap get lanes of their own; each goes into the first that is free.
function lanes(run, strands) {
  const found = [], free = [];
  for (const strand of strands) {
    let place = free.findIndex(at => at <= strand[0].at);
    if (place < 0) { place = found.length; found.push([]); }
    found[place].push(...strand);
    free[place] = strand.reduce((end, row) => Math.max(end, run.endOf(row)), 0);
  }
  return found;
}
