// Looks at a banner that stands: what it covers, how its buttons compare, what is focused.
((peer) => {
  const parent = (node) => node.assignedSlot ?? node.parentNode ?? node.host;
  const active = (root = document) => {
    const one = root.activeElement;
    return one?.shadowRoot?.activeElement ? active(one.shadowRoot) : one;
  };
  const isClear = (colour) => colour === "transparent" || /, 0\)$/.test(colour);
  /** The colour behind a node, as it is drawn. */
  function ground(node) {
    for (let one = node; one; one = parent(one)) {
      const colour = one.nodeType === 1 && getComputedStyle(one).backgroundColor;
      if (colour && !isClear(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  }
  const brightness = (colour) => {
    const drawing = document.createElement("canvas").getContext("2d");
    drawing.fillStyle = colour;
    drawing.fillRect(0, 0, 1, 1);
    const [red, green, blue] = drawing.getImageData(0, 0, 1, 1).data;
    return (red + green + blue) / 765;
  };
  const find = (selector) => document.querySelector(selector);
  const edges = (selector) => find(selector).getBoundingClientRect();
  const button = (selector) => {
    const { width, height } = edges(selector);
    const { backgroundColor, color, fontWeight } = getComputedStyle(find(selector));
    return { width, height, look: [backgroundColor, color, fontWeight].join() };
  };
  window.benchLook = {
    /** Which share of the window the banner lies on. */
    covers() {
      let hits = 0;
      for (let x = 0; x < 40; x++)
        for (let y = 0; y < 40; y++)
          hits += !!document.elementFromPoint(((x + 0.5) * innerWidth) / 40, ((y + 0.5) * innerHeight) / 40)?.closest(peer.corner);
      return hits / 1600;
    },
    buttons: () => ({ accept: button(peer.accept), reject: button(peer.reject) }),
    inView: () =>
      [peer.accept, peer.reject].every((one) => {
        const { top, left, bottom, right } = edges(one);
        return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
      }) && document.documentElement.scrollWidth <= innerWidth,
    isDark() {
      const { x, y, width, height } = edges(peer.banner);
      return brightness(ground(document.elementFromPoint(x + width / 2, y + height / 2))) < 0.4;
    },
    /** Distances of the banner and of Accept from the side where lines begin. */
    sides() {
      const { direction } = getComputedStyle(find(peer.banner));
      const from = ({ left, right }) => (direction === "rtl" ? document.documentElement.clientWidth - right : left);
      return { direction, places: [from(edges(peer.banner)), from(edges(peer.accept)), from(edges(peer.reject))] };
    },
    isFocused: (selector) => !!active()?.closest(selector),
    focused: () => active()?.id || active()?.localName || "nothing",
    isRinged() {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(active());
      return (outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1) || boxShadow !== "none";
    },
    kept: () => JSON.stringify([document.cookie, { ...localStorage }]),
  };
})(PEER);
