// The YAML file: turns its nodes into settings and kinds, each with the line it stands on. Reads a file, so never on
// the loop.

/// One configuration file.
struct ConfigurationFile {
    /// Larger files are refused before they are parsed.
    static let maxBytes = 1 << 20

    let path: String

    /// Takes everything that the file says; what is wrong goes into the draft's problems.
    func read(into draft: inout ConfigurationDraft) {
        let text: String
        do throws(FileFault) {
            text = try FileText.read(path, maxBytes: Self.maxBytes)
        } catch {
            draft.problems.append(.init(.file(path: path, line: 0), "", error.reason))
            return
        }
        read(text, into: &draft)
    }

    /// The same for a text that is at hand.
    func read(_ text: String, into draft: inout ConfigurationDraft) {
        do throws(YAMLFault) {
            guard let root = try YAMLDocument.parse(text) else { return }
            read(root: root, into: &draft)
        } catch {
            draft.problems.append(.init(.file(path: path, line: error.line), "", error.reason))
        }
    }

    // MARK: Nodes

    private func read(root: YAMLNode, into draft: inout ConfigurationDraft) {
        if root.isEmptyScalar { return }
        guard case .mapping(let mapping) = root.content else {
            draft.problems.append(.init(source(root), "", "the file must hold keys and values"))
            return
        }
        for (keyNode, value) in mapping {
            guard let key = keyNode.plainText else {
                draft.problems.append(.init(source(keyNode), "", "a key must be a text"))
                continue
            }
            if key == "kinds" {
                KindReader(file: self).read(value, into: &draft)
            } else if SettingTable.sections.contains(key) {
                readSection(key, value, into: &draft)
            } else {
                readValue(key, value, at: keyNode, into: &draft)
            }
        }
    }

    private func readSection(_ section: String, _ node: YAMLNode, into draft: inout ConfigurationDraft) {
        // A section whose keys are all commented out.
        if node.isEmptyScalar { return }
        guard case .mapping(let mapping) = node.content else {
            draft.problems.append(.init(source(node), section, "must hold keys and values, not \(node.typeWord)"))
            return
        }
        for (keyNode, value) in mapping {
            guard let key = keyNode.plainText else {
                draft.problems.append(.init(source(keyNode), section, "a key must be a text"))
                continue
            }
            readValue("\(section).\(key)", value, at: keyNode, into: &draft)
        }
    }

    private func readValue(_ key: String, _ node: YAMLNode, at keyNode: YAMLNode, into draft: inout ConfigurationDraft)
    {
        let source = source(keyNode)
        guard let setting = SettingTable.setting(key) else { return draft.reportUnknown(key, from: source) }
        switch node.content {
        case .scalar where node.isEmptyScalar:
            if setting.value.mayBeOff {
                draft.set(key, "off", from: source)
            } else if setting.value.isList {
                draft.set(key, items: [], from: source)
            } else {
                draft.problems.append(.init(source, key, "must be \(setting.value.expectation), not empty"))
            }
        case .scalar(let text, _):
            if setting.value.isList {
                draft.set(key, items: [text], from: source)
            } else {
                draft.set(key, text, from: source, base: FilePath.directory(of: path))
            }
        case .sequence(let sequence):
            let items = sequence.compactMap(\.plainText)
            guard setting.value.isList, items.count == sequence.count else { fallthrough }
            draft.set(key, items: items, from: source)
        case .mapping:
            draft.problems.append(.init(source, key, "must be \(setting.value.expectation), not \(node.typeWord)"))
        }
    }

    /// Where a node stands.
    func source(_ node: YAMLNode) -> ConfigurationSource {
        .file(path: path, line: node.line)
    }
}
