import Foundation
import FoundationXML
import Testing

@testable import Comparison

struct PictureTests {
    /// Reads a picture as XML and keeps where its words stand.
    private final class Reader: NSObject, XMLParserDelegate {
        var words: [(text: String, x: Double, y: Double, size: Double, anchor: String, bold: Bool)] = []
        var numbers: [Double] = []
        private var isText = false

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String] = [:]
        ) {
            for key in ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"] {
                if let value = attributes[key].flatMap(Double.init) { numbers.append(value) }
            }
            isText = name == "text"
            guard isText else { return }
            words.append(
                (
                    "", Double(attributes["x"] ?? "") ?? .nan, Double(attributes["y"] ?? "") ?? .nan,
                    Double(attributes["font-size"] ?? "") ?? .nan, attributes["text-anchor"] ?? "",
                    attributes["font-weight"] != nil
                ))
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) {
            if isText { words[words.count - 1].text += string }
        }

        func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
            isText = false
        }
    }

    private static func read(_ svg: String) -> Reader? {
        let reader = Reader()
        let parser = XMLParser(data: Data(svg.utf8))
        parser.delegate = reader
        return parser.parse() ? reader : nil
    }

    @Test func eachPictureIsWellFormedAndItsWordsAreInsideAndApart() throws {
        let pictures = Picture.all(SampleResults.threeRounds, soak: SampleResults.soak?.load)
        #expect(
            pictures.map(\.file) == [
                "cpu-per-delivery.svg", "memory-per-stream.svg", "opens.svg", "latency.svg", "scaling.svg", "soak.svg",
            ])
        for picture in pictures {
            let reader = try #require(Self.read(picture.drawing.svg), "\(picture.file)")
            #expect(reader.numbers.allSatisfy { $0.isFinite && $0 >= 0 && $0 <= 2000 }, "\(picture.file)")
            let boxes = reader.words.map { word -> (left: Double, right: Double, top: Double, bottom: Double) in
                let width = Drawing.textWidth(word.text, size: word.size, bold: word.bold)
                let left = word.anchor == "start" ? word.x : word.anchor == "end" ? word.x - width : word.x - width / 2
                return (left, left + width, word.y - word.size * 0.8, word.y)
            }
            for (index, box) in boxes.enumerated() {
                #expect(
                    box.left >= 0 && box.right <= picture.drawing.width, "\(picture.file): \(reader.words[index].text)")
                #expect(
                    box.top >= 0 && box.bottom <= picture.drawing.height, "\(picture.file): \(reader.words[index].text)"
                )
                for other in boxes[..<index] {
                    let apart =
                        box.left >= other.right || other.left >= box.right || box.top >= other.bottom
                        || other.top >= box.bottom
                    #expect(apart, "\(picture.file): \(reader.words[index].text)")
                }
            }
        }
    }

    @Test func everyPictureIsAmongTheFilesThatAnOlderPageMayHaveLeft() {
        let files = Picture.all(SampleResults.threeRounds, soak: SampleResults.soak?.load).map(\.file)
        #expect(Picture.files.isSuperset(of: files))
        #expect(Picture.files.subtracting(files) == ["overload.svg"])
    }

    @Test func wordsAreEscaped() throws {
        let bar = BarChart.Bar(label: "<b> & \"c\"", spread: try #require(Spread([1])), kind: .other)
        let svg = BarChart(title: "a < b", subtitle: "", scale: .linear, bars: [bar]).drawing.svg
        let reader = try #require(Self.read(svg))
        #expect(reader.words.contains { $0.text == "<b> & \"c\"" })
    }

    @Test func aPictureWithoutFiguresIsLeftOut() {
        #expect(Picture.all(SampleResults.results([]), soak: nil).isEmpty)
    }

    @Test func figuresThatAreAllZeroStillHaveAPicture() throws {
        let bar = BarChart.Bar(label: "zero", spread: try #require(Spread([0, 0])), kind: .ours)
        #expect(Self.read(BarChart(title: "t", subtitle: "s", scale: .logarithmic, bars: [bar]).drawing.svg) != nil)
        #expect(Self.read(BarChart(title: "t", subtitle: "s", scale: .linear, bars: [bar]).drawing.svg) != nil)
    }
}
