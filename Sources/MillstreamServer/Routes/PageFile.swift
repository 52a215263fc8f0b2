// The files of the page, which are part of the binary.

/// One file of the page at `/`.
enum PageFile: Equatable, CaseIterable {
    case index
    case style
    case script
    case icon

    init?(path: String) {
        guard let file = Self.allCases.first(where: { $0.path == path }) else { return nil }
        self = file
    }

    var path: String {
        switch self {
        case .index: "/"
        case .style: "/style.css"
        case .script: "/app.js"
        case .icon: "/favicon.svg"
        }
    }

    var contentType: String {
        switch self {
        case .index: "text/html; charset=utf-8"
        case .style: "text/css; charset=utf-8"
        case .script: "text/javascript; charset=utf-8"
        case .icon: "image/svg+xml"
        }
    }

    var bytes: [UInt8] {
        switch self {
        case .index: PackageResources.index_html
        case .style: PackageResources.style_css
        case .script: PackageResources.app_js
        case .icon: PackageResources.favicon_svg
        }
    }

    var entityTag: String { Self.tags[self.path] ?? "\"0\"" }

    private static let tags: [String: String] = Dictionary(
        uniqueKeysWithValues: Self.allCases.map { ($0.path, "\"" + String(Fingerprint.of($0.bytes), radix: 36) + "\"") })
}
