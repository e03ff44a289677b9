// Verifies a receipt with the package jose: node receipt.mjs RECEIPT PUBLIC_KEY
import { compactVerify, importJWK } from "jose";

const [receipt, x] = process.argv.slice(2);
const key = await importJWK({ kty: "OKP", crv: "Ed25519", x }, "Ed25519");
const { payload, protectedHeader } = await compactVerify(receipt, key, {
  algorithms: ["Ed25519"],
});
if (protectedHeader.typ !== "consent-receipt+jwt") throw new Error("another type");
process.stdout.write(new TextDecoder().decode(payload));
