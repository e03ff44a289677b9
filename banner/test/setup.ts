/** What the build puts in: its constants, and every section that a site's script may have. */
import { agreements } from "../src/agreements";
import { addClose } from "../src/closing";
import { fetchInto } from "../src/fetched";
import { linkedBody } from "../src/linked";
import { hasOptedOut, isQuiet } from "../src/objections";
import { signal } from "../src/signalling";

Object.assign(globalThis, {
  BANNER_DIGEST: "0".repeat(64),
  KIT: "1".repeat(32),
  LAYOUTS: {},
  SIGNALS: {},
  HOOKS: { agreements, addClose, fetchInto, hasOptedOut, isQuiet, linkedBody, signal },
});
