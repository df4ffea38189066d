/** Preloaded: the n-th write to a file, n in FAIL_WRITE, takes half of its bytes; all after it fail. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const at = Number(process.env.FAIL_WRITE);
let writes = 0;

const full = () =>
  Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

/** The handles of files share one prototype. */
const probe = await fs.promises.open(process.execPath, 'r');
const prototype = Object.getPrototypeOf(probe);
await probe.close();
for (const name of ['write', 'writeFile', 'appendFile', 'writev']) {
  const real = prototype[name];
  prototype[name] = async function (data, offset, length, ...rest) {
    if (at > 0 && ++writes > at) throw full();
    const isHalf = at > 0 && writes === at && name === 'write' && length > 1;
    return real.call(this, data, offset, isHalf ? length >> 1 : length, ...rest);
  };
}
for (const name of ['writeFile', 'appendFile']) {
  const real = fs.promises[name];
  fs.promises[name] = async (...args) => {
    if (at > 0 && ++writes >= at) throw full();
    return real(...args);
  };
}
syncBuiltinESMExports();
