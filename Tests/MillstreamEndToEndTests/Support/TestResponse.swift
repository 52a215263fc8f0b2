// One complete answer of the server.

import Foundation

struct TestResponse {
    var status: Int
    /// By lower-case name; of a repeated header the last.
    var headers: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: Any? { try? JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed) }
    var object: [String: Any] { json as? [String: Any] ?? [:] }

    subscript(_ member: String) -> Any? { object[member] }

    func string(_ member: String) -> String? { object[member] as? String }

    /// The last part of the problem's `type`; nil unless this is a whole RFC 9457 problem whose status is the response's.
    var problem: String? {
        guard headers["content-type"] == "application/problem+json", object["status"] as? Int == status,
            let type = string("type"), string("title") != nil, string("detail") != nil, string("request_id") != nil
        else { return nil }
        return type.split(separator: "/").last.map(String.init)
    }

    /// The fields that a problem names.
    var fields: [String] {
        (object["errors"] as? [[String: Any]] ?? []).compactMap { $0["field"] as? String }
    }
}
