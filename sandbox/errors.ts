/**
 * An answer that refuses a call, in the words of the service that was called.
 * Thrown by the services, turned into XML or JSON by the front.
 */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: string;
  readonly status: number;
  /** Extra response headers, for example `x-amz-bucket-region`. */
  readonly headers: Record<string, string>;
  /** Extra members of the error document. */
  readonly members: Record<string, unknown>;

  constructor(
    code: string,
    message: string,
    status: number,
    more: { headers?: Record<string, string>; members?: Record<string, unknown> } = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.headers = more.headers ?? {};
    this.members = more.members ?? {};
  }
}
