// In both pages first: what is measured in each alike.
(() => {
  const bench = {};
  window.bench = bench;
  const raf = () => new Promise(requestAnimationFrame);

  /** Milliseconds of each frame while `step(i)` is done once in each. */
  bench.frames = async (n, step) => {
    const took = [];
    await raf();
    let last = performance.now();
    for (let i = 0; i < n && took.reduce((sum, each) => sum + each, 0) < 15000; i++) {
      step(i);
      await raf();
      const now = performance.now();
      took.push(now - last);
      last = now;
    }
    return took;
  };
})();
