using System.Security.Cryptography;
using System.Text;
using Crescent.Nano;
using Crescent.Text.Templates;
using Xunit;

namespace Crescent.Tests;

public sealed class PackedModelTests
{
    [Fact]
    public void Files_and_tools_are_read_from_an_assemblys_resources()
    {
        var model = PackedModel.Find(typeof(PackedModelTests).Assembly);
        Assert.NotNull(model);
        Assert.Equal(["config.json", "model.safetensors"], model.Files.Select(file => file.Name).Order(StringComparer.Ordinal));
        var weights = Content(model, "model.safetensors");
        Assert.Equal("no weights, a text in their place\n", weights);
        Assert.Equal(weights.Length, model.Files.Single(file => file.Name == "model.safetensors").Bytes);
        Assert.Equal("look_up", Assert.Single(model.Tools).Json.GetProperty("function").GetProperty("name").GetString());
        Assert.Matches("^[0-9a-f]{16}$", model.Hash);
    }

    [Fact]
    public void The_name_of_the_content_does_not_depend_on_the_order_of_the_files()
    {
        var lines = Encoding.UTF8.GetString(Resource("hashes.txt")).TrimEnd().Split('\n');
        Assert.NotEqual(lines.Order(StringComparer.Ordinal), lines); // else the test would show nothing
        var expected = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines.Order(StringComparer.Ordinal))));
        Assert.Equal(Convert.ToHexStringLower(expected)[..16], PackedModel.Find(typeof(PackedModelTests).Assembly)!.Hash);
    }

    [Fact]
    public void An_assembly_without_a_model_has_none() => Assert.Null(PackedModel.Find(typeof(ChatTemplate).Assembly));

    private static string Content(PackedModel model, string name)
    {
        using var reader = new StreamReader(model.Files.Single(file => file.Name == name).Open());
        return reader.ReadToEnd();
    }

    private static byte[] Resource(string name)
    {
        using var stream = typeof(PackedModelTests).Assembly.GetManifestResourceStream(name)!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
