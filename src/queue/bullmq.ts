/** BullMQ of a connection, with its types: those of the package ask for none of another. */
import type { QueueConnection } from './connect.ts';

type BullMq = typeof import('bullmq');

/** Gives BullMQ as the connection loaded it. */
export const bullmqOf = ({ bullmq }: QueueConnection): BullMq => bullmq as BullMq;
