namespace Crescent.Engine.Conversion;

/// <summary>What a user should know of a conversion, one line for all tensors that it is true of.</summary>
internal sealed class ConversionNotices
{
    private const int ShownNames = 3;

    private readonly List<string> _order = [];
    private readonly Dictionary<string, List<string>> _tensors = [];

    /// <summary>The lines, in the order in which they first came up.</summary>
    public IReadOnlyList<string> Lines => [.. _order.Select(Line)];

    /// <param name="what">What is true, after the number of tensors.</param>
    public void Add(string tensor, string what)
    {
        if (!_tensors.TryGetValue(what, out var names))
        {
            _order.Add(what);
            _tensors.Add(what, names = []);
        }

        names.Add(tensor);
    }

    private string Line(string what)
    {
        var names = _tensors[what];
        var shown = string.Join(", ", names.Take(ShownNames));
        return $"{names.Count} {(names.Count == 1 ? "tensor" : "tensors")} {what}: {shown}{(names.Count > ShownNames ? ", …" : "")}";
    }
}
