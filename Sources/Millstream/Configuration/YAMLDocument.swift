// The YAML parser, which is libyaml's. Owns its C objects for the length of one call. libyaml itself and not a package around it:
// those bring Foundation with its Unicode tables, which alone are twice the size of the whole server.

import CYAML

/// Why a text is no YAML that can be taken.
struct YAMLFault: Error, Equatable {
    /// From 1; 0 when it is not known.
    let line: Int
    let reason: String
}

/// Reads one YAML document.
enum YAMLDocument {
    /// Aliases repeat what they name, so a short text can mean a tree without end; these bound it.
    static let maxNodes = 200_000
    static let maxDepth = 32

    /// The document's root; nil for a text without any. Throws for what is no YAML, for more than one document, for keys that
    /// stand twice and for trees beyond the bounds.
    static func parse(_ text: String) throws(YAMLFault) -> YAMLNode? {
        var text = text
        var result: Result<YAMLNode?, YAMLFault> = .success(nil)
        text.withUTF8 { bytes in
            result = Result { () throws(YAMLFault) in try parse(bytes) }
        }
        return try result.get()
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(YAMLFault) -> YAMLNode? {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { throw YAMLFault(line: 0, reason: "no memory to read it") }
        defer { yaml_parser_delete(&parser) }
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)

        var document = try load(&parser)
        defer { yaml_document_delete(&document) }
        guard let root = yaml_document_get_root_node(&document) else { return nil }
        var tree = TreeReader(document: document)
        let node = try tree.read(root.pointee, depth: 0)

        var next = try load(&parser)
        defer { yaml_document_delete(&next) }
        if let second = yaml_document_get_root_node(&next) {
            let line = line(second.pointee.start_mark)
            throw YAMLFault(line: line, reason: "a second document begins here; one is expected")
        }
        return node
    }

    private static func load(_ parser: inout yaml_parser_t) throws(YAMLFault) -> yaml_document_t {
        var document = yaml_document_t()
        guard yaml_parser_load(&parser, &document) == 1 else { throw fault(of: parser) }
        return document
    }

    /// The parser's own words.
    private static func fault(of parser: yaml_parser_t) -> YAMLFault {
        let problem = parser.problem.map { String(cString: $0) } ?? "cannot be read"
        let context = parser.context.map { String(cString: $0) + " " } ?? ""
        let hasPlace = parser.error != YAML_READER_ERROR && parser.error != YAML_MEMORY_ERROR
        return YAMLFault(line: hasPlace ? line(parser.problem_mark) : 0, reason: context + problem)
    }

    fileprivate static func line(_ mark: yaml_mark_t) -> Int { Int(mark.line) + 1 }
}

/// Copies the nodes of one document; lives as long as the call.
private struct TreeReader {
    var document: yaml_document_t
    var count = 0

    mutating func read(_ node: yaml_node_t, depth: Int) throws(YAMLFault) -> YAMLNode {
        let line = YAMLDocument.line(node.start_mark)
        count += 1
        guard count <= YAMLDocument.maxNodes, depth <= YAMLDocument.maxDepth else {
            throw YAMLFault(line: line, reason: "too many values, or too deeply nested")
        }
        switch node.type {
        case YAML_SCALAR_NODE: return YAMLNode(content: scalar(node), line: line)
        case YAML_SEQUENCE_NODE: return YAMLNode(content: try sequence(node, depth: depth), line: line)
        case YAML_MAPPING_NODE: return YAMLNode(content: try mapping(node, depth: depth), line: line)
        default: return YAMLNode(content: .scalar("", isPlain: true), line: line)
        }
    }

    private func scalar(_ node: yaml_node_t) -> YAMLNode.Content {
        let scalar = node.data.scalar
        let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        return .scalar(String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
    }

    private mutating func sequence(_ node: yaml_node_t, depth: Int) throws(YAMLFault) -> YAMLNode.Content {
        let items = node.data.sequence.items
        var nodes: [YAMLNode] = []
        var item = items.start
        while let place = item, place != items.top {
            nodes.append(try child(place.pointee, depth: depth))
            item = place + 1
        }
        return .sequence(nodes)
    }

    private mutating func mapping(_ node: yaml_node_t, depth: Int) throws(YAMLFault) -> YAMLNode.Content {
        let pairs = node.data.mapping.pairs
        var members: [(key: YAMLNode, value: YAMLNode)] = []
        var seen: Set<String> = []
        var pair = pairs.start
        while let place = pair, place != pairs.top {
            let key = try child(place.pointee.key, depth: depth)
            if case .scalar(let name, _) = key.content, !seen.insert(name).inserted {
                throw YAMLFault(line: key.line, reason: "the key '\(name.prefix(80))' stands twice")
            }
            members.append((key, try child(place.pointee.value, depth: depth)))
            pair = place + 1
        }
        return .mapping(members)
    }

    private mutating func child(_ index: CInt, depth: Int) throws(YAMLFault) -> YAMLNode {
        guard let node = yaml_document_get_node(&document, index) else {
            throw YAMLFault(line: 0, reason: "cannot be read")
        }
        return try read(node.pointee, depth: depth + 1)
    }
}
