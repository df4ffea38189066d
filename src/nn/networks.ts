import { z } from 'zod';
import { additiveUnet, additiveUnetSchema } from './additive-unet.ts';
import { mlp, mlpSchema } from './mlp.ts';
import type { Network } from './scope.ts';
import { unet, unetSchema } from './unet.ts';

/** What a run records of its network, told apart by `type`; enough to build it again. */
export const networkSchema = z.discriminatedUnion('type', [
  mlpSchema,
  additiveUnetSchema,
  unetSchema,
]);

export type NetworkConfig = z.output<typeof networkSchema>;

export function createNetwork(config: NetworkConfig): Network {
  switch (config.type) {
    case 'mlp':
      return mlp(config);
    case 'additive-unet':
      return additiveUnet(config);
    case 'unet':
      return unet(config);
  }
}
