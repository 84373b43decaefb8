// Runs in the page of the product before it: notes when the first picture stands on the screen, and moves the map as a hand would.
(() => {
  let stands;
  const { bench } = window;
  bench.pictured = new Promise((done) => (stands = done));
  const look = () => {
    if (!document.querySelector(".legend")) requestAnimationFrame(look);
    else requestAnimationFrame(() => setTimeout(() => stands(performance.now())));
  };
  requestAnimationFrame(look);

  const surface = () => document.querySelectorAll("canvas.map-canvas")[1];
  const fire = (Kind, type, on, x, y, more = {}) => {
    on.dispatchEvent(new Kind(type, { bubbles: true, cancelable: true, view: window, clientX: x, clientY: y, ...more }));
  };

  bench.pan = async (n) => {
    const at = surface().getBoundingClientRect();
    const [x, y] = [at.left + at.width / 2, at.top + at.height / 2];
    fire(MouseEvent, "mousedown", surface(), x, y);
    const took = await bench.frames(n, (i) => {
      const [dx, dy] = [160 * Math.sin(i / 10), 90 * Math.sin(i / 7)];
      fire(PointerEvent, "pointermove", surface(), x + dx, y + dy);
      fire(MouseEvent, "mousemove", window, x + dx, y + dy);
    });
    fire(MouseEvent, "mousemove", window, x, y);
    fire(MouseEvent, "mouseup", window, x, y);
    return took;
  };

  bench.zoom = (n, towards) => {
    const at = surface().getBoundingClientRect();
    const [x, y] = [at.left + at.width * 0.42, at.top + at.height * 0.25];
    return bench.frames(n, () => fire(WheelEvent, "wheel", surface(), x, y, { deltaY: -towards * 50 }));
  };
})();
