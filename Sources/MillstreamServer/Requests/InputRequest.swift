// The body of `POST /v1/jobs/{id}/input`: `{"input": any}` or `{"upload": ID}`.

import MillstreamJSON

enum InputRequest {
    static func parse(_ body: [UInt8]) throws(Problem) -> (body: JSONText, uploads: [String]) {
        let text = try JSONBody.parse(body)
        var fields = try FieldReader(text)
        let input = fields.value("input")
        let upload = fields.string("upload")
        if input == nil, upload == nil { fields.missing("input") }
        if input != nil, upload != nil { fields.refuse("upload", "stands beside input; give one of them") }
        var uploads = upload.map { [$0] } ?? []
        if let input {
            do throws(UploadReferences.Failure) {
                uploads += try UploadReferences.find(in: input)
            } catch {
                fields.refuse("input", error.message)
            }
        }
        try fields.finish()
        return (text, uploads)
    }
}
