using System.Text;
using Crescent.Cli;
using Crescent.Cli.Hub;
using Xunit;

namespace Crescent.Tests.Hub;

public sealed class HubListingTests
{
    private const string Sha = "\"sha\":\"0123456789abcdef0123456789abcdef01234567\"";

    [Fact]
    public void Files_have_sizes_and_digests()
    {
        var hash = new string('a', 64);
        var blob = new string('b', 40);
        var siblings = $"[{{'rfilename':'w','size':5,'blobId':'{blob}','lfs':{{'sha256':'{hash}','size':6,'pointerSize':1}}}},{{'rfilename':'c','size':7,'blobId':'{blob}'}}]";
        var listing = Parse($"{{{Sha},\"siblings\":{siblings.Replace('\'', '"')}}}");
        Assert.Equal([new HubFile("w", 6, new Digest(DigestKind.Sha256, hash)), new HubFile("c", 7, new Digest(DigestKind.GitBlob, blob))], listing.Files);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"sha\":5,\"siblings\":[]}")]
    [InlineData("{\"sha\":\"../../etc\",\"siblings\":[]}")]
    [InlineData("{\"sha\":null,\"siblings\":[]}")]
    [InlineData("{$,\"siblings\":{}}")]
    [InlineData("{$,\"siblings\":[5]}")]
    [InlineData("{$,\"siblings\":[{}]}")]
    [InlineData("{$,\"siblings\":[{\"rfilename\":null,\"size\":1}]}")]
    [InlineData("{$,\"siblings\":[{\"rfilename\":\"a\"}]}")]
    [InlineData("{$,\"siblings\":[{\"rfilename\":\"a\",\"size\":-1}]}")]
    [InlineData("{$,\"siblings\":[{\"rfilename\":\"a\",\"size\":9223372036854775807}]}")]
    [InlineData("{$,\"siblings\":[{\"rfilename\":\"a\",\"size\":\"1\"}]}")]
    [InlineData("{$,\"siblings\":[{\"rfilename\":\"a\",\"size\":1,\"lfs\":{}}]}")]
    [InlineData("{$,\"siblings\":[{\"rfilename\":\"a\",\"size\":1,\"lfs\":{\"sha256\":\"xyz\"}}]}")]
    public void Anything_else_is_refused_in_a_line(string json)
    {
        var message = Assert.Throws<CommandFailedException>(() => Parse(json.Replace("$", Sha, StringComparison.Ordinal))).Message;
        Assert.StartsWith("a/b: ", message, StringComparison.Ordinal);
        Assert.Contains("expected", message, StringComparison.Ordinal);
    }

    private static HubListing Parse(string json) => HubListing.Parse(Encoding.UTF8.GetBytes(json), "a/b");
}
