using System.Text.Json;
using Xunit;

namespace Crescent.Tests.Support;

internal static class JsonAssert
{
    /// <summary>The document has these fields; it may have more.</summary>
    public static void HasFields(JsonElement document, params string[] names) =>
        Assert.All(names, name => Assert.True(document.TryGetProperty(name, out _), $"expected a field '{name}' in {document}"));

    public static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetInt32())];
}
