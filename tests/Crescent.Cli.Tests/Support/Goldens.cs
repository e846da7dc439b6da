using System.Text;

namespace Crescent.Tests.Support;

/// <summary>Figures of llama.cpp's measuring tools, and the text that they belong to: tests/golden/llama-cpp-measures.</summary>
internal static class Goldens
{
    /// <summary>The test split of WikiText-2.</summary>
    public static string WikiText => SharedData.Path("evals", "wikitext2", "wiki.test.raw");

    public static string Measure(string name) => Path.Combine(SharedData.RepositoryRoot(), "tests", "golden", "llama-cpp-measures", name);

    /// <summary>The first bytes of <see cref="WikiText"/> as a file of its own.</summary>
    public static string BeginningOfWikiText(TemporaryFolder folder, int bytes)
    {
        using var stream = File.OpenRead(WikiText);
        var beginning = new byte[bytes];
        stream.ReadExactly(beginning);
        return folder.Write($"wiki-{bytes}.txt", beginning);
    }

    /// <summary>A text of so many words, one token or more each.</summary>
    public static string Words(int count) => new StringBuilder().Insert(0, "once upon a time ", (count + 3) / 4).ToString();
}
