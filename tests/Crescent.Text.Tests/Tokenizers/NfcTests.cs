using System.Text;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Tokenizers;

public class NfcTests
{
    // Unicode's NormalizationTest.txt, parts 0 and 1: source and its NFC.
    [Theory]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u1E0A\u0323", "\u1E0C\u0307")]
    [InlineData("D\u0307\u0323", "\u1E0C\u0307")]
    [InlineData("\u212B\u2126", "\u00C5\u03A9")]
    [InlineData("\u1100\u1161\u11A8", "\uAC01")]
    [InlineData("\uAC00\u11A8", "\uAC01")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("\u0344", "\u0308\u0301")]
    [InlineData("\uF900", "\u8C48")]
    [InlineData("a\u0315\u0300\u05AE\u0300b", "\u00E0\u05AE\u0300\u0315b")]
    [InlineData("\u0B47\u0300\u0B3E", "\u0B47\u0300\u0B3E")]
    [InlineData("\u1100\u0300\u1161", "\u1100\u0300\u1161")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData("\u0061\u0301\u0301", "\u00E1\u0301")]
    [InlineData("plain ASCII, né 你好 😊", "plain ASCII, né 你好 😊")]
    public void Text_comes_to_its_normal_form(string source, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(source);
        Assert.Equal(source != expected, Nfc.TryNormalize(bytes, out var normal));
        Assert.Equal(expected, Encoding.UTF8.GetString(source == expected ? bytes : normal));
    }

    [Fact]
    public void Invalid_bytes_pass_through()
    {
        Assert.True(Nfc.TryNormalize([(byte)'e', 0xCC, 0x81, 0xFF, 0xE4, 0xBD], out var normal));
        Assert.Equal<byte>([0xC3, 0xA9, 0xFF, 0xE4, 0xBD], normal);
    }
}
