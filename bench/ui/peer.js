// cytoscape.js with the same objects, containment and links, and the same deltas; in a page of its own.
(() => {
  const { bench } = window;
  const STYLE = [
    { selector: "node", style: { label: "data(name)", "font-size": 10, shape: "round-rectangle", width: 60, height: 24, "text-valign": "center" } },
    { selector: ":parent", style: { "text-valign": "top", "background-opacity": 0.1 } },
    { selector: "edge", style: { width: 1, "curve-style": "haystack" } },
  ];
  let cy;

  bench.never = (patience) => new Promise((done) => setTimeout(done, patience, null));

  /** Milliseconds from asking for the objects to the end of the first drawing. */
  bench.first = async (token, layout) => {
    const began = performance.now();
    const answer = await (await fetch("/api/v1/map", { headers: { Authorization: `Bearer ${token}` } })).json();
    const ids = answer.objects.map((row) => row[0]);
    const elements = answer.objects.map(([id, name, kind, , , parent, state]) => ({
      group: "nodes", data: { id, name, kind, state, ...(parent >= 0 ? { parent: ids[parent] } : {}) },
    }));
    answer.links.forEach(([type, source, target], i) => {
      elements.push({ group: "edges", data: { id: `link ${i}`, type: answer.link_types[type], source: ids[source], target: ids[target] } });
    });
    document.body.innerHTML = '<div id="cy" style="position:fixed;inset:0"></div>';
    cy = cytoscape({ container: document.getElementById("cy"), elements, style: STYLE, layout: { name: layout, animate: false }, pixelRatio: 1 });
    await new Promise((done) => cy.one("render", done));
    await new Promise(requestAnimationFrame);
    bench.revision = answer.freshness.revision;
    return performance.now() - began;
  };
  bench.pan = (n) => bench.frames(n, (i) => cy.panBy({ x: 16 * Math.cos(i / 10), y: 13 * Math.cos(i / 7) }));
  bench.zoom = (n, towards) =>
    bench.frames(n, () => cy.zoom({ level: cy.zoom() * 2 ** (0.1 * towards), renderedPosition: { x: cy.width() * 0.42, y: cy.height() * 0.25 } }));

  /** Take over what the server tells from now on, once in each frame. */
  bench.follow = (token) => {
    let pending = [];
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/api/v1/live?since=${bench.revision}`, ["calipso.v1", `bearer.${token}`]);
    socket.onmessage = (event) => pending.push(...(JSON.parse(event.data).changes ?? []));
    const draw = () => {
      const changes = pending;
      pending = [];
      cy.batch(() => changes.forEach(({ object }) => object && take(object)));
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  };
  const take = (object) => {
    const known = cy.getElementById(object.id);
    if (object.op === "removed") known.remove();
    else if (known.empty()) cy.add({ group: "nodes", data: { id: object.id, name: object.name, kind: object.kind } });
    else for (const field of object.fields ?? []) known.data(field.name, field.new);
  };
})();
