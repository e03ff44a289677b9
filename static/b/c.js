function n(n){n.close()}export{n as open};
