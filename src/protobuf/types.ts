/**
 * The types of `@bufbuild/protobuf` that this entry point's own speak of, by the names that they have there. What they
 * are made of is documented there: hence `@internal`, which ends the documentation's search here.
 */
import type * as protobuf from "@bufbuild/protobuf";

/**
 * A message schema, as `protoc-gen-es` generates one for each `message`.
 *
 * @internal
 */
export type DescMessage = protobuf.DescMessage;

/**
 * A service descriptor, as `protoc-gen-es` generates one for each `service`.
 *
 * @internal
 */
export type DescService = protobuf.DescService;

/**
 * An `rpc` of a service descriptor.
 *
 * @internal
 */
export type DescMethod = protobuf.DescMethod;

/**
 * A whole message of a schema: what is read.
 *
 * @internal
 */
export type MessageShape<Desc extends DescMessage> = protobuf.MessageShape<Desc>;

/**
 * What `create` takes for a message of a schema: a whole one, or an object without the fields that have defaults.
 *
 * @internal
 */
export type MessageInitShape<Desc extends DescMessage> = protobuf.MessageInitShape<Desc>;
