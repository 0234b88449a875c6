// The target profile by indication: tier, interval of the score, stability, evidence, reasons.

const SCORE = {width: 200, height: 18, pad: 6};
function scoreLine(low, middle, high, open, label) {
  const x = v => SCORE.pad + v * (SCORE.width - 2 * SCORE.pad), y = SCORE.height / 2;
  return drawn("svg", {viewBox: `0 0 ${SCORE.width} ${SCORE.height}`, class: "score", role: "img",
    "aria-label": label || `score ${middle.toFixed(2)}, ${low.toFixed(2)} to ${high.toFixed(2)}`},
  data.cuts.map(cut => drawn("line", {x1: x(cut), x2: x(cut), y1: 0, y2: SCORE.height,
    class: "cut"})),
  drawn("line", {x1: x(low), x2: x(high), y1: y, y2: y, class: "span"}),
  drawn("circle", {cx: x(middle), cy: y, r: 4, class: open ? "dot open" : "dot"}));
}
function scoreAxis() {
  const x = v => SCORE.pad + v * (SCORE.width - 2 * SCORE.pad);
  const ends = [0, ...[...data.cuts].reverse(), 1];
  const middles = ends.slice(1).map((end, i) => [(end + ends[i]) / 2, 4 - i]);
  return drawn("svg", {viewBox: `0 0 ${SCORE.width} 26`, class: "score", "aria-hidden": "true"},
    middles.map(([at, tier]) => drawn("text", {x: x(at), y: 9, class: "tiername"},
      "tier " + tier)),
    data.cuts.map(cut => drawn("line", {x1: x(cut), x2: x(cut), y1: 0, y2: 26, class: "cut"})),
    [[0, "start"], [1, "end"]].map(([v, anchor]) =>
      drawn("text", {x: x(v), y: 23, "text-anchor": anchor}, String(v))),
    data.cuts.map(v => drawn("text", {x: x(v) + 2, y: 23, class: "cutname"}, v.toFixed(2))));
}
const tierBadge = tier => tier === null
  ? h("span", {class: "tier none", title: "not assessable"}, "–")
  : h("span", {class: "tier q" + [6, 4, 2, 0][tier - 1]}, String(tier));
const desirability = value => Math.min(Math.floor(7 * value), 6);

function criterionCell([value, state, said, evidence, verified], i) {
  const name = data.criteria[i][0];
  const text = `${name}: ${readable(words[said])}` + (state === 1
    ? `; desirability ${value.toFixed(2)}`
    + (words[evidence] ? `, from ${words[evidence]}` : "") + (verified ? ", verified" : "") : "");
  return h("td", {class: state === 1 ? "cell q" + desirability(value) : state === 2
    ? "cell na" : "cell miss", title: text, "aria-label": text}, state === 2 ? "–" : null);
}
function reasons(row) {
  const [criteria, pro, contra, flags] = row.slice(8, 12);
  const spell = reason => readable(typeof reason === "string" ? sentence(reason)
    : `${data.criteria[reason][0]}: ${words[criteria[reason][2]]}`);
  const part = (title, kind, list) => list.length ? h("div", {class: "reason " + kind},
    h("strong", null, title), h("ul", null, list.map(text => h("li", null, text)))) : null;
  return h("div", {class: "reasons"}, part("For", "for", pro.map(spell)),
    part("Against", "against", contra.map(spell)),
    part("Flags", "flagged", flags.map(f => sentence(readable(words[f])))));
}
const stabilityWords = parts => ["evidence", "weights", "criteria", "kinds of evidence"]
  .map((name, i) => `${name} ${percent(parts[i])}`).join(", ");

function rankingRows(row, group, columns) {
  const [t, tier, low, middle, high, stable, parts] = row;
  const more = h("tr", {class: "more", hidden: tier === null || tier > 2}, h("td",
    {colspan: columns}, reasons(row)));
  const button = h("button", {type: "button", class: "fold",
    "aria-expanded": String(!more.hidden), "aria-label": "Reasons for and against "
    + targets[t].name, onclick: () => {
      more.hidden = !more.hidden;
      button.setAttribute("aria-expanded", String(!more.hidden));
    }}, "Reasons");
  const main = h("tr", null, h("td", null, tierBadge(tier)),
    h("th", {scope: "row"}, targetLink(t)),
    h("td", null, scoreLine(low, middle, high, tier === null)),
    h("td", {class: "num", title: stabilityWords(parts)}, percent(stable)),
    row[8].map(criterionCell), h("td", null, button));
  group.append(main, more);
  return {index: t, nodes: [main, more], open: () => button.getAttribute("aria-expanded")
    === "true"};
}

function rankingTable(id, caption, list) {
  const body = h("tbody"), columns = data.criteria.length + 5;
  const lines = list.map(row => rankingRows(row, body, columns));
  const table = h("table", {id, class: "ranking"}, h("caption", null, caption), h("thead", null,
    h("tr", null, h("th", {scope: "col"}, "Tier"), h("th", {scope: "col"}, "Target"),
      h("th", {scope: "col"}, "Score: median and 90 % interval", scoreAxis()),
      h("th", {scope: "col", class: "num"}, "Stability"),
      data.criteria.map(([name, weight]) => h("th", {scope: "col", class: "turn"},
        h("span", null, `${name}, ${percent(weight)}`))),
      h("th", {scope: "col"}, h("span", {class: "hush"}, "Reasons")))), body);
  return {node: boxed(table, caption, false), lines};
}

function ranking() {
  const known = Object.keys(data.rankings);
  const view = $("ranking-view");
  if (!known.length) {
    view.append(h("p", null, "No indication was ranked for this page."));
    return;
  }
  known.sort((a, b) => indication(a).localeCompare(indication(b), "en"));
  let at = known.includes("mCRPC") ? "mCRPC" : known[0], lines = [], followed = "";
  const select = h("select", {id: "rank-of", onchange: () => { at = select.value; draw();
    apply(); }}, known.map(i => h("option", {value: i, selected: i === at}, indication(i))));
  const held = h("div"), empty = nothing("no-rank");
  const draw = () => {
    const list = data.rankings[at];
    const judged = list.filter(r => r[1] !== null), open = list.filter(r => r[1] === null);
    const first = rankingTable("ranking-table", `${indication(at)}: targets by tier`, judged);
    lines = first.lines;
    const parts = [first.node];
    if (open.length) {
      const second = rankingTable("unassessed-table", "Not assessable", open);
      lines = [...lines, ...second.lines];
      parts.push(h("details", {class: "unassessed"}, h("summary", null, "Not assessable ",
        h("span", {class: "count"}, `${plural(open.length, "target")} whose tier would rest on `
          + "missing values")), second.node));
    }
    const tiers = [1, 2, 3, 4].map(k => `tier ${k}: ${judged.filter(r => r[1] === k).length}`);
    held.replaceChildren(h("p", {class: "note"}, `${plural(list.length, "target")} judged; `
      + tiers.join(", ") + `; not assessable: ${open.length}. Of one tier, none is better than `
      + "another unless the intervals part."), ...parts);
    select.value = at;
  };
  draw();
  view.append(h("p", {class: "pick"}, h("label", null, h("span", null, "Indication"), select)),
    legend("Desirability of each criterion", [["cell q0", "0"], ["cell q1", ""], ["cell q2", ""],
      ["cell q3", ""], ["cell q4", ""], ["cell q5", ""], ["cell q6", "1"],
      ["cell miss", "not known"], ["cell na", "not applicable"]]), held, empty);
  views.push(() => {
    if (state.indication && state.indication !== followed && data.rankings[state.indication]) {
      at = state.indication;
      draw();
    }
    followed = state.indication;
    lines.forEach(l => {
      const yes = fits(targets[l.index], l.index, {anywhere: true});
      l.nodes[0].hidden = !yes;
      l.nodes[1].hidden = !yes || !l.open();
    });
    empty.hidden = lines.some(l => !l.nodes[0].hidden);
  });
}
