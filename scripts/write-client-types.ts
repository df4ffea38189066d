/** Writes the types of the client from the server's OpenAPI document. */
import { writeFileSync } from 'node:fs';
import { clientTypes } from '../src/serve/testing-document.ts';

writeFileSync(new URL('../src/client/schema.ts', import.meta.url), await clientTypes());
