// swift-tools-version: 6.2
import PackageDescription

// A package of its own: what measures the server is no part of it, and nobody who builds the server builds this.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")
let modules: Target.Dependency = .product(name: "_MillstreamModules", package: "millstream")

let package = Package(
    name: "millstream-benchmarks",
    products: [
        .executable(name: "sse-load", targets: ["SSELoad"]),
        .executable(name: "micro", targets: ["Micro"]),
        .executable(name: "compare", targets: ["Compare"]),
    ],
    dependencies: [
        // By name, because a clone may lie in a folder of any name.
        .package(name: "millstream", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        .target(name: "CLoad"),
        // The engine of the load generator, for any SSE server: knows nothing of Millstream but a dialect.
        .target(name: "Load", dependencies: ["CLoad", histogram], swiftSettings: strict),
        .executableTarget(name: "SSELoad", dependencies: ["Load", argumentParser], swiftSettings: strict),
        // Stands in front of malloc and of the wrappers of system calls, in programs that link it.
        .target(name: "CCounting"),
        // How costs are counted, kept and compared: knows nothing of Millstream.
        .target(name: "Measuring", dependencies: ["CCounting"], swiftSettings: strict),
        .executableTarget(name: "Micro", dependencies: ["Measuring", modules, argumentParser], swiftSettings: strict),
        .testTarget(name: "MeasuringTests", dependencies: ["Measuring"], swiftSettings: strict),
        .testTarget(name: "LoadTests", dependencies: ["Load", "CLoad", "Measuring"], swiftSettings: strict),
        // Side by side: the servers, the rounds, the goals and the page. Reads the generator's reports and starts it as a program.
        .target(name: "CComparison"),
        .target(name: "Comparison", dependencies: ["CComparison", "Load"], swiftSettings: strict),
        .executableTarget(name: "Compare", dependencies: ["Comparison", argumentParser], swiftSettings: strict),
        .testTarget(name: "ComparisonTests", dependencies: ["Comparison"], exclude: ["Golden"], swiftSettings: strict),
    ]
)
