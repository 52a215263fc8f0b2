// Which uploads a job's input names: the value of the member `upload` at the top of the input. No path ever comes out of a request.

import MillstreamJSON
import MillstreamJournal

enum UploadReferences {
    struct Failure: Error {
        var message: String
    }

    static func find(in input: JSONText) throws(Failure) -> [String] {
        guard let value = input.member("upload"), !value.isNull else { return [] }
        guard let id = value.stringValue else { throw Failure(message: "upload must be the id of an upload") }
        guard JobID.isName(id, maxLength: 64) else { throw Failure(message: "upload is not the id of an upload") }
        return [id]
    }
}
