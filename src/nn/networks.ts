import { z } from 'zod';
import { UserError } from '../errors.ts';
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
import { unet } from './unet.ts';
import { unetSchema } from './unet-config.ts';

/** A network that a program gave as a function: files can name it, and only the program has it. */
export const customSchema = z.strictObject({ type: z.literal('custom'), name: z.string().min(1) });

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
  customSchema,
]);

export type NetworkConfig = z.output<typeof networkSchema>;

/** Says what a network makes of an example: another, one number, or a code and another of it. */
export function networkKind({ type }: NetworkConfig): 'estimator' | 'energy' | 'autoencoder' {
  if (type === 'mlp-energy' || type === 'conv-energy') return 'energy';
  return type === 'mlp-autoencoder' || type === 'conv-autoencoder' ? 'autoencoder' : 'estimator';
}

/** Tells whether a network can be told its noise level and a condition. */
export function canBeTold({ type }: NetworkConfig): boolean {
  return type === 'mlp' || type === 'additive-unet' || type === 'unet' || type === 'bytenet';
}

/** Creates the two halves of an autoencoder; none of another network. */
export function createAutoencoder(config: NetworkConfig): Autoencoder | undefined {
  if (config.type === 'mlp-autoencoder') return mlpAutoencoder(config);
  return config.type === 'conv-autoencoder' ? convAutoencoder(config) : undefined;
}

/** Creates the network that a configuration describes. */
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
    case 'custom':
      throw new UserError(
        `network ${config.name}: is a function of the program that trained it; give that function`,
        { code: 'unsupported', facts: { option: 'network', name: config.name } },
      );
  }
}

/** What an autoencoder makes of an example, by the mean of its code. */
function reconstruction({ encode, decode }: Autoencoder): Network {
  return (scope, x) =>
    decode(scope.at('decoder'), encode(scope.at('encoder'), x).mean, x.shape.slice(1));
}
