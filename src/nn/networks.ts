import { z } from 'zod';
import { additiveUnet, additiveUnetSchema } from './additive-unet.ts';
import {
  type Autoencoder,
  convAutoencoder,
  convAutoencoderSchema,
  mlpAutoencoder,
  mlpAutoencoderSchema,
} from './autoencoder.ts';
import { bytenet, bytenetSchema } from './bytenet.ts';
import { convEnergy, convEnergySchema, mlpEnergy, mlpEnergySchema } from './energy.ts';
import { mlp, mlpSchema } from './mlp.ts';
import type { Network } from './scope.ts';
import { unet, unetSchema } from './unet.ts';

/** What a run records of its network, told apart by `type`; enough to build it again. */
export const networkSchema = z.discriminatedUnion('type', [
  mlpSchema,
  additiveUnetSchema,
  unetSchema,
  mlpEnergySchema,
  convEnergySchema,
  mlpAutoencoderSchema,
  convAutoencoderSchema,
  bytenetSchema,
]);

export type NetworkConfig = z.output<typeof networkSchema>;

/** What a network makes of an example: another, one number, or a code and another of it. */
export function networkKind({ type }: NetworkConfig): 'estimator' | 'energy' | 'autoencoder' {
  if (type === 'mlp-energy' || type === 'conv-energy') return 'energy';
  return type === 'mlp-autoencoder' || type === 'conv-autoencoder' ? 'autoencoder' : 'estimator';
}

/** The two halves of an autoencoder; none of another network. */
export function createAutoencoder(config: NetworkConfig): Autoencoder | undefined {
  if (config.type === 'mlp-autoencoder') return mlpAutoencoder(config);
  return config.type === 'conv-autoencoder' ? convAutoencoder(config) : undefined;
}

export function createNetwork(config: NetworkConfig): Network {
  switch (config.type) {
    case 'mlp':
      return mlp(config);
    case 'additive-unet':
      return additiveUnet(config);
    case 'unet':
      return unet(config);
    case 'bytenet':
      return bytenet(config);
    case 'mlp-energy':
      return mlpEnergy(config);
    case 'conv-energy':
      return convEnergy(config);
    case 'mlp-autoencoder':
    case 'conv-autoencoder':
      return reconstruction(createAutoencoder(config)!);
  }
}

/** What an autoencoder makes of an example, by the mean of its code. */
function reconstruction({ encode, decode }: Autoencoder): Network {
  return (scope, x) =>
    decode(scope.at('decoder'), encode(scope.at('encoder'), x).mean, x.shape.slice(1));
}
