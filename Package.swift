// swift-tools-version: 6.2
import PackageDescription

// Arrows between the modules go one way; Tests/MillstreamPackageTests states them again and fails when a target imports more.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let coreMetrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")

func module(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "millstream",
    products: [
        .executable(name: "millstream", targets: ["MillstreamCLI"]),
        .library(name: "Millstream", targets: ["Millstream"]),
        // For the micro-benchmarks in Benchmarks/, a package of its own, which sees modules through products only. The underscore
        // says what it promises to others: nothing.
        .library(
            name: "_MillstreamModules",
            targets: [
                "MillstreamSSE", "MillstreamJSON", "MillstreamLoop", "MillstreamHTTP", "MillstreamStreams",
                "MillstreamJournal", "MillstreamJournalSQLite", "MillstreamJobs", "MillstreamRuntime",
                "MillstreamServer",
            ]
        ),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibevent", pkgConfig: "libevent", providers: [.apt(["libevent-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CMillstreamSpawn"),
        module("MillstreamJSON", []),
        module("MillstreamSSE", []),
        module("MillstreamJournal", ["MillstreamJSON"]),
        module("MillstreamJournalSQLite", ["MillstreamJournal", "MillstreamJSON", "CSQLite"]),
        module("MillstreamJobs", ["MillstreamJournal", "MillstreamJSON"]),
        module("MillstreamStreams", ["MillstreamJournal", "MillstreamSSE", "MillstreamJSON"]),
        module("MillstreamAccess", ["MillstreamJournal"]),
        module("MillstreamLoop", ["CLibevent"]),
        module("MillstreamHTTP", ["MillstreamLoop", "CLibevent"]),
        module("MillstreamMetrics", [coreMetrics]),
        module(
            "MillstreamRuntime",
            ["MillstreamJobs", "MillstreamJournal", "MillstreamJSON", "MillstreamLoop", "CMillstreamSpawn"]
        ),
        module(
            "MillstreamServer",
            [
                "MillstreamHTTP", "MillstreamLoop", "MillstreamStreams", "MillstreamJobs", "MillstreamJournal",
                "MillstreamJSON", "MillstreamSSE", "MillstreamAccess", "MillstreamRuntime", logging, coreMetrics,
            ],
            resources: [
                .embedInCode("Page/index.html"), .embedInCode("Page/style.css"), .embedInCode("Page/favicon.svg"),
                .embedInCode("Page/app.js"), .embedInCode("Page/api.js"), .embedInCode("Page/events.js"),
                .embedInCode("Page/job.js"), .embedInCode("Page/jobs.js"), .embedInCode("Page/ledger.js"),
                .embedInCode("Page/outcome.js"), .embedInCode("Page/start.js"), .embedInCode("Page/stream.js"),
                .embedInCode("Page/text.js"), .embedInCode("Page/race.js"),
                .embedInCode("OpenAPI/openapi.json"),
            ]
        ),
        module(
            "Millstream",
            [
                "MillstreamServer", "MillstreamHTTP", "MillstreamLoop", "MillstreamStreams", "MillstreamJobs",
                "MillstreamJournal", "MillstreamJournalSQLite", "MillstreamJSON", "MillstreamSSE", "MillstreamAccess",
                "MillstreamRuntime", "MillstreamMetrics", logging, coreMetrics, "CYAML",
            ]
        ),
        .executableTarget(
            name: "MillstreamCLI",
            dependencies: ["Millstream", "MillstreamJSON", "MillstreamSSE", argumentParser],
            swiftSettings: strict
        ),
        // What several test targets need: one source of random input, one store to put faults into.
        .target(
            name: "MillstreamTestSupport", dependencies: ["MillstreamJournal"], path: "Tests/MillstreamTestSupport",
            swiftSettings: strict
        ),
        tests("MillstreamPackageTests", []),
        tests("MillstreamJSONTests", ["MillstreamJSON", "MillstreamTestSupport"]),
        tests("MillstreamSSETests", ["MillstreamSSE", "MillstreamTestSupport"]),
        // Killed by a test of the journal, again and again.
        .executableTarget(
            name: "JournalCrashWriter",
            dependencies: ["MillstreamJournalSQLite", "MillstreamJournal", "MillstreamJSON"],
            path: "Tests/JournalCrashWriter", swiftSettings: strict
        ),
        tests(
            "MillstreamJournalTests",
            [
                "MillstreamJournal", "MillstreamJournalSQLite", "MillstreamJSON", "CSQLite", "JournalCrashWriter",
                "MillstreamTestSupport",
            ]
        ),
        tests(
            "MillstreamJobsTests", ["MillstreamJobs", "MillstreamJournal", "MillstreamJSON", "MillstreamTestSupport"]
        ),
        tests(
            "MillstreamStreamsTests",
            ["MillstreamStreams", "MillstreamJournal", "MillstreamSSE", "MillstreamJSON", "MillstreamTestSupport"]
        ),
        tests("MillstreamLoopTests", ["MillstreamLoop"]),
        tests("MillstreamHTTPTests", ["MillstreamHTTP", "MillstreamLoop", "MillstreamTestSupport"]),
        tests("MillstreamMetricsTests", ["MillstreamMetrics", coreMetrics]),
        tests(
            "MillstreamRuntimeTests",
            [
                "Millstream", "MillstreamRuntime", "MillstreamJobs", "MillstreamJournal", "MillstreamJSON",
                "MillstreamLoop", "MillstreamTestSupport",
            ]
        ),
        tests(
            "MillstreamServerTests",
            ["MillstreamServer", "MillstreamAccess", "MillstreamJobs", "MillstreamJournal", "MillstreamJSON"]
        ),
        tests(
            "MillstreamTests",
            [
                "Millstream", "MillstreamServer", "MillstreamHTTP", "MillstreamStreams", "MillstreamRuntime",
                "MillstreamJobs", "MillstreamJournal", "MillstreamJSON", logging,
            ]
        ),
        tests(
            "MillstreamCLITests",
            ["MillstreamCLI", "Millstream", "MillstreamJSON", "MillstreamSSE", argumentParser]
        ),
        .testTarget(
            name: "MillstreamEndToEndTests", dependencies: ["MillstreamSSE", "MillstreamTestSupport"],
            exclude: ["Clients"],
            swiftSettings: strict
        ),
    ]
)
