using System.Text;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Safetensors;
using Xunit;

namespace Crescent.Tests.Checkpoints;

public sealed class SafetensorsFileTests
{
    private const int DefaultSeeds = 300;

    // Files of the format's own tests (huggingface/safetensors, commit 24b0b28, safetensors/src/tensor.rs: test_serialization, test_deserialization,
    // test_empty_shapes_allowed, test_zero_sized_tensor, test_whitespace_padded_header, test_whitespace_leading_padded_header).
    public static TheoryData<byte[], SafetensorsType, long[], int> Official => new()
    {
        { [.. "@\0\0\0\0\0\0\0{\"attn.0\":{\"dtype\":\"F32\",\"shape\":[1,2,3],\"data_offsets\":[0,24]}}"u8, .. OfficialValues], SafetensorsType.F32, [1, 2, 3], 24 },
        { [.. "<\0\0\0\0\0\0\0{\"test\":{\"dtype\":\"I32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}"u8, .. new byte[16]], SafetensorsType.I32, [2, 2], 16 },
        { [.. "8\0\0\0\0\0\0\0{\"test\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[0,4]}}"u8, .. new byte[4]], SafetensorsType.I32, [], 4 },
        { [.. "<\0\0\0\0\0\0\0{\"test\":{\"dtype\":\"I32\",\"shape\":[2,0],\"data_offsets\":[0, 0]}}"u8], SafetensorsType.I32, [2, 0], 0 },
    };

    private static byte[] OfficialValues => [0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64, 0, 0, 160, 64];

    [Theory]
    [MemberData(nameof(Official))]
    public void The_formats_own_examples_are_read(byte[] bytes, SafetensorsType type, long[] shape, int length)
    {
        using var folder = new TemporaryFolder();
        using var file = Open(folder, bytes);
        var tensor = Assert.Single(file.Tensors);
        Assert.Equal((type, length, bytes.Length - length), (tensor.Type, tensor.Bytes.Length, tensor.Offset));
        Assert.Equal(shape, tensor.Shape);
        Assert.Equal(bytes[^length..], tensor.Bytes.Span(0, length).ToArray());
        Assert.Empty(file.Metadata);
    }

    [Theory]
    [InlineData("\u0006\0\0\0\0\0\0\0{}\r \t\n")]
    [InlineData("\u0006\0\0\0\0\0\0\0\t\n{}\r ")]
    public void White_space_around_the_header_is_padding(string content)
    {
        using var folder = new TemporaryFolder();
        using var file = Open(folder, Encoding.Latin1.GetBytes(content));
        Assert.Empty(file.Tensors);
    }

    [Fact]
    public void Every_type_has_its_size()
    {
        (string Name, int Bytes)[] types =
        [
            ("F64", 8), ("F32", 4), ("F16", 2), ("BF16", 2), ("F8_E4M3", 1), ("F8_E5M2", 1), ("F8_E8M0", 1), ("I64", 8), ("I32", 4), ("I16", 2), ("I8", 1),
            ("U64", 8), ("U32", 4), ("U16", 2), ("U8", 1), ("BOOL", 1),
        ];
        var entries = types.Select((type, i) => SafetensorsBytes.Entry($"t{i}", 48 * i, 48 * (i + 1), type.Name, type.Bytes));
        using var folder = new TemporaryFolder();
        using var file = Open(folder, SafetensorsBytes.Make($"{{{string.Join(',', entries)}}}", 48 * types.Length));
        Assert.Equal(Enum.GetValues<SafetensorsType>().Length - 1, file.Tensors.Count);
        foreach (var (tensor, (name, bytes)) in file.Tensors.Zip(types))
        {
            Assert.Equal((name, bytes, 48), (tensor.TypeName, tensor.Type.Bytes(), tensor.Bytes.Length));
            Assert.Equal(name, tensor.Type.Name());
            Assert.Equal([48 / bytes], tensor.Shape);
            Assert.Equal(tensor.Offset - file.Tensors[0].Offset, tensor.Bytes.Span(0, 1)[0] + (256 * ((tensor.Offset - file.Tensors[0].Offset) / 256)));
        }
    }

    [Fact]
    public void A_tensor_of_an_unknown_type_is_listed_with_its_name()
    {
        using var folder = new TemporaryFolder();
        using var file = Open(folder, SafetensorsBytes.Make("""{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", 4));
        Assert.Equal((SafetensorsType.Unknown, "F4", 2), (file.Tensors[0].Type, file.Tensors[0].TypeName, file.Tensors[0].Bytes.Length));
        Assert.Equal(SafetensorsType.U8, file.Tensors[1].Type);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Tensors[0].Type.Bytes());
    }

    [Fact]
    public void Names_metadata_order_and_unknown_fields_are_read()
    {
        const string Header = """
            {"__metadata__":{"format":"pt","Grüße":"\u263e\n"},"b\u002eé":{"shape":[1],"stride":[{"x":1}],"data_offsets":[3,4],"dtype":"U8"},"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}
            """;
        using var folder = new TemporaryFolder();
        using var file = Open(folder, SafetensorsBytes.Make(Header, 4));
        Assert.Equal(["b.é", "a"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(3, file.Tensors[0].Bytes.Span(0, 1)[0]);
        Assert.Equal([0, 1, 2], file.Tensors[1].Bytes.Span(0, 3).ToArray());
        Assert.Equal(new Dictionary<string, string> { ["format"] = "pt", ["Grüße"] = "☾\n" }, file.Metadata);
    }

    [Theory]
    [InlineData("", "an empty file")]
    [InlineData("1234567", "length of the header: expected 8 bytes, found a file of 7")]
    [InlineData("<\0\0\0\0\0\0\0", "expected at most the 0 bytes left, found 60 (is the download complete?)")]
    [InlineData("<\0\0\0\0\u00ff\u00ff\u00ff{\"test\":", "at most 100000000 bytes, found 18446742974197923900")]
    [InlineData("\u0001\u00e1\u00f5\u0005\0\0\0\0{}", "at most 100000000 bytes, found 100000001")]
    [InlineData("\u0001\0\0\0\0\0\0\0\u00ff", "header: expected a JSON object")]
    [InlineData("\u0001\0\0\0\0\0\0\0{", "header: expected a JSON object")]
    [InlineData("\0\0\0\0\0\0\0\0", "header: expected a JSON object")]
    [InlineData("GGUF\u0003\0\0\0aaaaaaaaaaaa", "a GGUF file: name it")]
    [InlineData("PK\u0003\u0004aaaaaaaaaaaaaaaa", "a zip archive")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid", "git-lfs pointer")]
    [InlineData("<!DOCTYPE html><html>", "an HTML page")]
    [InlineData("{\"weight_map\":{}}", "a JSON document")]
    public void A_file_that_is_no_safetensors_file_is_named_for_what_it_is(string content, string expected) =>
        Assert.Contains(expected, Message(Encoding.Latin1.GetBytes(content)), StringComparison.Ordinal);

    [Theory]
    [InlineData("[]", "header: expected StartObject, found StartArray")]
    [InlineData("{} {}", "header: expected a JSON object")]
    [InlineData("{}\0\0", "header: expected a JSON object")]
    [InlineData("""{"a":1}""", "offset 13: tensor 'a': expected StartObject, found Number 1")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4]}}""", "offset 9: tensor 'a': expected dtype, shape and two data_offsets, found some of them")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4,8]}}""", "tensor 'a': expected dtype, shape and two data_offsets")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"shape":[4],"data_offsets":[0,4]}}""", "tensor 'a': expected each field once, found 'shape' again")]
    [InlineData("""{"a":{"dtype":8,"shape":[4],"data_offsets":[0,4]}}""", "dtype of tensor 'a': expected String, found Number 8")]
    [InlineData("""{"a":{"dtype":"U8","shape":4,"data_offsets":[0,4]}}""", "shape of tensor 'a': expected StartArray, found Number 4")]
    [InlineData("""{"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}}""", "shape of tensor 'a': expected at most 8 integers of 0 to 9223372036854775807, found Number -4")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}}""", "found Number 4.0")]
    [InlineData("""{"a":{"dtype":"U8","shape":["4"],"data_offsets":[0,4]}}""", "found String 4")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,4],"data_offsets":[0,4]}}""", "expected at most 8 integers")]
    [InlineData("""{"a":{"dtype":"I32","shape":[2,18446744073709551614],"data_offsets":[0,16]}}""", "found Number 18446744073709551614")]
    [InlineData("""{"a":{"dtype":"I32","shape":[2,9223372036854775807],"data_offsets":[0,16]}}""", "expected data_offsets that hold [2, 9223372036854775807] values of I32, found 16 bytes")]
    [InlineData("""{"a":{"dtype":"I32","shape":[2,2],"data_offsets":[0,4]}}""", "expected data_offsets that hold [2, 2] values of I32, found 4 bytes")]
    [InlineData("""{"a":{"dtype":"U8","shape":[17],"data_offsets":[0,17]}}""", "data_offsets of tensor 'a': expected begin <= end <= 16, where the file ends, found [0, 17] (is the download complete?)")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[8,4]}}""", "found [8, 4]")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[9223372036854775806,9223372036854775807]}}""", "begin <= end <= 16")]
    [InlineData("""{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,17]}}""", "begin <= end <= 16")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", "tensor name: expected each name once, none empty, found 'a' again")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"\u0061":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", "found 'a' again")]
    [InlineData("""{"":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", "none empty, found ''")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]},"b":{"dtype":"U8","shape":[5],"data_offsets":[0,5]}}""", "tensor 'a': expected its data from ")]
    [InlineData("""{"a":{"dtype":"U8","shape":[16],"data_offsets":[0,16]},"b":{"dtype":"U8","shape":[16],"data_offsets":[0,16]}}""", "tensor 'b': expected its data from ")]
    [InlineData("""{"\ud800":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", "tensor name: expected UTF-8")]
    [InlineData("""{"a\u001b[2J\n":1}""", "'a\\u001b[2J\\n'")]
    [InlineData("""{"__metadata__":[]}""", "__metadata__: expected StartObject")]
    [InlineData("""{"__metadata__":{"a":1}}""", "metadata value: expected String, found Number 1")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", "metadata key: expected each key once, found 'a' again")]
    [InlineData("""{"a":{"x":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}}""", "header: expected a JSON object")]
    public void A_header_that_lies_is_refused(string header, string expected)
    {
        var message = Message(SafetensorsBytes.Make(header, 16));
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Fact]
    public void Long_names_are_refused()
    {
        Assert.Contains("tensor name: expected at most 1024 bytes, found 1025", Message(SafetensorsBytes.Make($"{{\"{new string('a', 1025)}\":1}}", 0)), StringComparison.Ordinal);
        Assert.Contains("dtype: expected at most 64 bytes, found 65", Message(SafetensorsBytes.Make($"{{\"a\":{{\"dtype\":\"{new string('a', 65)}\"}}}}", 0)), StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_tensors_overlap_nothing()
    {
        using var folder = new TemporaryFolder();
        using var file = Open(folder, SafetensorsBytes.Make($"{{{SafetensorsBytes.Entry("a", 0, 4)},{SafetensorsBytes.Entry("b", 2, 2)},{SafetensorsBytes.Entry("c", 4, 4)}}}", 4));
        Assert.Equal([4L, 0, 0], file.Tensors.Select(tensor => tensor.Bytes.Length));
    }

    [Fact]
    public void A_closed_file_gives_no_bytes()
    {
        using var folder = new TemporaryFolder();
        var file = Open(folder, SafetensorsBytes.Make("{}", 3));
        Assert.Equal(13, file.Bytes.Length);
        file.PopulateInBackground();
        file.WaitUntilPopulated();
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Bytes.Length);
    }

    [Fact]
    public void A_folder_and_a_missing_path_are_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("found a folder", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder.File("none"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncation_is_an_error()
    {
        var original = Sample();
        Assert.Equal(0, Fuzz.Run("model.safetensors", original.Length, 1 << 20, length => original[..length], Use));
    }

    [Fact]
    public void A_damaged_file_opens_or_is_a_checkpoint_error()
    {
        var original = Sample();
        var seeds = Fuzz.Seeds(DefaultSeeds);
        Assert.InRange(Fuzz.Run("model.safetensors", seeds, 1 << 20, seed => Corruption.Corrupt(original, seed), Use), 1, seeds - 1);
    }

    [Fact]
    public void A_header_with_damaged_words_opens_or_is_a_checkpoint_error()
    {
        // Damage that stays JSON reaches the checks behind the parser.
        string[] words = ["0", "-1", "1", "18446744073709551615", "9223372036854775807", "1e3", "null", "\"U8\"", "\"F64\"", "[]", "{}", "[0,0]", "[4,4]", "\"shape\"", "\"a\""];
        const string Header = """{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"I8","shape":[4],"data_offsets":[16,20]},"__metadata__":{"a":"b"}}""";
        var pieces = System.Text.RegularExpressions.Regex.Split(Header, "([{}:,\\[\\]])").Where(piece => piece.Length > 0).ToArray();
        var seeds = Fuzz.Seeds(DefaultSeeds);
        var opened = Fuzz.Run("model.safetensors", seeds, 1 << 20, seed =>
        {
            var random = new Random(seed);
            var damaged = (string[])pieces.Clone();
            for (var i = random.Next(1, 3); i > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = random.Next(2) == 0 ? words[random.Next(words.Length)] : pieces[random.Next(pieces.Length)];
            }

            return SafetensorsBytes.Make(string.Concat(damaged), 20);
        }, Use);
        Assert.InRange(opened, 1, seeds - 1);
    }

    private static byte[] Sample() => SafetensorsBytes.Make(
        $$"""{"__metadata__":{"format":"pt"},{{string.Join(',', Enumerable.Range(0, 8).Select(i => SafetensorsBytes.Entry($"model.layers.{i}.weight", 16 * i, 16 * (i + 1), "F32", 4)))}}}   """, 128);

    private static void Use(string path)
    {
        using var file = SafetensorsFile.Open(path);
        foreach (var tensor in file.Tensors.Where(tensor => tensor.Bytes.Length > 0))
        {
            _ = tensor.Bytes.Span(0, 1)[0] + tensor.Bytes.Span(tensor.Bytes.Length - 1, 1)[0];
            Assert.True(tensor.Type == SafetensorsType.Unknown || tensor.Count * tensor.Type.Bytes() == tensor.Bytes.Length);
        }
    }

    private static SafetensorsFile Open(TemporaryFolder folder, byte[] bytes)
    {
        var path = folder.File("model.safetensors");
        File.WriteAllBytes(path, bytes);
        return SafetensorsFile.Open(path);
    }

    private static string Message(byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        return Assert.Throws<CheckpointException>(() => Open(folder, bytes)).Message;
    }
}
