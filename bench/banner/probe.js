// Watches a page from its first moment: when the banner is seen, what it costs, what is stored.
// `peer` is the banner's selectors, or null for the page without any banner.
((peer) => {
  const seen = { shifts: 0, paints: [], tasks: [], writes: [], violations: [], moving: 0, inputs: [] };
  const watch = (type, take, more) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...more });
  const corner = (node) => !!(peer && node && node.closest && node.closest(peer.corner));
  watch("layout-shift", (one) => (seen.shifts += one.hadRecentInput ? 0 : one.value));
  watch("largest-contentful-paint", (one) => seen.paints.push([one.startTime, !one.element || corner(one.element)]));
  watch("longtask", (one) => seen.tasks.push([one.startTime, one.duration]));
  watch("event", (one) => one.interactionId && seen.inputs.push(one.duration), { durationThreshold: 16 });
  watch("first-input", (one) => seen.inputs.push(one.duration));
  addEventListener("securitypolicyviolation", (one) =>
    seen.violations.push(`${one.effectiveDirective} ${one.blockedURI.split("?")[0]}`),
  );

  const wrote = (kind, name) => seen.writes.push([performance.now(), kind, String(name).split("=")[0]]);
  const setItem = Storage.prototype.setItem;
  Storage.prototype.setItem = function (name, value) {
    setItem.call(this, name, value);
    wrote(this === window.localStorage ? "localStorage" : "sessionStorage", name);
  };
  const cookie = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  Object.defineProperty(Document.prototype, "cookie", {
    ...cookie,
    set(value) {
      cookie.set.call(this, value);
      wrote("cookie", value);
    },
  });

  /** The parent in the tree as it is drawn. */
  const above = (node) => node.assignedSlot ?? node.parentNode ?? node.host;
  function opacity(node) {
    let product = 1;
    for (let one = node; one; one = above(one))
      if (one.nodeType === 1) product *= Number(getComputedStyle(one).opacity);
    return product;
  }

  /** Where the banner is drawn: its box, how opaque it is and how much of it is in view. */
  function look() {
    const box = peer && document.querySelector(peer.banner);
    if (!box?.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return null;
    const { x, y, width, height } = box.getBoundingClientRect();
    const share = (from, size, limit) => Math.max(0, Math.min(from + size, limit) - Math.max(from, 0)) / size;
    const inView = width && height ? share(x, width, innerWidth) * share(y, height, innerHeight) : 0;
    return inView > 0 ? { place: `${x} ${y} ${width} ${height}`, inView, opacity: opacity(box) } : null;
  }

  const animations = () =>
    [document, ...[...document.querySelectorAll("*")].map((one) => one.shadowRoot)].flatMap((root) => root?.getAnimations() ?? []);
  const noteAnimations = () => {
    for (const one of animations())
      if (!/color|shadow/.test(one.transitionProperty)) seen.moving = Math.max(seen.moving, Number(one.effect.getComputedTiming().endTime));
  };

  let before = null;
  let settled = !peer;
  function atFrame() {
    const now = look();
    const time = performance.now();
    if (now && now.inView >= 0.5) seen.visible ??= time;
    if (probe.isSlow) noteAnimations();
    if (now && now.opacity > 0.99 && now.inView >= 0.5 && before?.place === now.place && before.opacity > 0.99) {
      seen.settled ??= time;
      settled = true;
    }
    before = now;
    if (!settled) requestAnimationFrame(atFrame);
  }

  const probe = {
    seen,
    look,
    /** Also looks for animations, which costs time. */
    isSlow: false,
    /** Calls back when the banner stands and the page has been quiet. */
    whenQuiet: (then) => {
      const check = () =>
        settled && document.readyState === "complete" ? setTimeout(then, QUIET) : setTimeout(check, 50);
      check();
    },
    /** Measures from the next click until the banner is gone. */
    untilGone() {
      delete seen.gone;
      const first = seen.writes.length;
      addEventListener("click", ({ timeStamp }) => {
        const check = () => {
          if (probe.isSlow) noteAnimations();
          if (look()) return requestAnimationFrame(check);
          seen.gone = performance.now() - timeStamp;
          setTimeout(() => {
            seen.stored = (seen.writes[first]?.[0] ?? Number.NaN) - timeStamp;
            console.debug("bench: gone");
          }, 350);
        };
        requestAnimationFrame(check);
      }, { capture: true, once: true });
    },
    /** Notes when the banner goes, of which another tab may be the cause. */
    watchGone() {
      const check = () => (look() ? setTimeout(check, 4) : (seen.goneAt = Date.now()));
      check();
    },
    count: () => {
      const within = (root) => [...root.querySelectorAll("*")].reduce((sum, one) => sum + 1 + (one.shadowRoot ? within(one.shadowRoot) : 0), 0);
      return within(document);
    },
  };
  window.benchProbe = probe;
  requestAnimationFrame(atFrame);
  probe.whenQuiet(() => console.debug("bench: quiet"));
})(PEER);
//# sourceURL=bench-probe.js
