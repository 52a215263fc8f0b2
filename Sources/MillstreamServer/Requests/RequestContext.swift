// What the server knows of one request after its head: enough to answer it later, when the exchange itself may be gone.

import MillstreamAccess
import MillstreamHTTP

/// A value; the exchange behind `exchange` is looked up again when the answer comes.
struct RequestContext {
    let exchange: ExchangeID
    let requestID: String
    let route: Route
    let method: Route.Method
    let query: Query
    let origin: OriginPolicy.Verdict
    let principal: Principal
}
