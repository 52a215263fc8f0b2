// Short lists of texts in one column, as a JSON array; NULL when empty, as most are.

import MillstreamJSON

enum StringList {
    static func stored(_ list: [String]) -> String? {
        guard !list.isEmpty else { return nil }
        var writer = JSONWriter()
        writer.beginArray()
        for text in list { writer.string(text) }
        writer.endArray()
        return writer.finish().text
    }

    /// Nil when the text is no array of texts: damage.
    static func read(_ stored: String?) -> [String]? {
        guard let stored else { return [] }
        guard let json = try? JSONText(validating: Array(stored.utf8)), let elements = json.elements() else {
            return nil
        }
        let texts = elements.compactMap(\.stringValue)
        return texts.count == elements.count ? texts : nil
    }
}
