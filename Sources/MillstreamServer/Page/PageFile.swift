// The files of the web page at `/`, which SwiftPM embeds into the binary (`.embedInCode` in Package.swift), and the
// headers they leave with. Immutable values, usable on any thread; never reads a disk.

/// One file of the embedded web page.
///
/// Values are immutable and `Sendable`; `body` is shared, not copied, by all replies.
public struct PageFile: Sendable {
    /// The file's bytes as they were when the binary was built.
    public let body: [UInt8]
    /// The value of the reply's `Content-Type`.
    public let contentType: String

    /// Headers of each reply that carries a page file, `Content-Type` aside.
    ///
    /// The policy lets the page load and call nothing but its own origin, and has no exception for inline code: a job's
    /// data that found a way into the markup would still not run.
    public static let headers: [(name: String, value: String)] = [
        (
            "Content-Security-Policy",
            "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        ),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        // A new binary brings a new page; its files are small enough to be read again.
        ("Cache-Control", "no-cache"),
    ]

    /// The paths that name a page file, in no order: what a router has to know.
    public static var paths: some Collection<String> & Sendable { files.keys }

    /// The file at a request's path, or nil when the page has none there.
    public static func at(_ path: String) -> PageFile? {
        files[path]
    }

    private static let html = "text/html; charset=utf-8"
    private static let script = "text/javascript; charset=utf-8"

    private static let icon = PageFile(body: PackageResources.favicon_svg, contentType: "image/svg+xml")

    private static let files: [String: PageFile] = [
        "/": PageFile(body: PackageResources.index_html, contentType: html),
        "/style.css": PageFile(body: PackageResources.style_css, contentType: "text/css; charset=utf-8"),
        "/favicon.svg": icon,
        // What browsers ask for on their own beside JSON and metrics, which name no icon.
        "/favicon.ico": icon,
        "/app.js": PageFile(body: PackageResources.app_js, contentType: script),
        "/api.js": PageFile(body: PackageResources.api_js, contentType: script),
        "/events.js": PageFile(body: PackageResources.events_js, contentType: script),
        "/job.js": PageFile(body: PackageResources.job_js, contentType: script),
        "/jobs.js": PageFile(body: PackageResources.jobs_js, contentType: script),
        "/ledger.js": PageFile(body: PackageResources.ledger_js, contentType: script),
        "/outcome.js": PageFile(body: PackageResources.outcome_js, contentType: script),
        "/race.js": PageFile(body: PackageResources.race_js, contentType: script),
        "/start.js": PageFile(body: PackageResources.start_js, contentType: script),
        "/stream.js": PageFile(body: PackageResources.stream_js, contentType: script),
        "/text.js": PageFile(body: PackageResources.text_js, contentType: script),
    ]
}
