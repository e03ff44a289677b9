function n(t){t.update()}export{n as watch};
