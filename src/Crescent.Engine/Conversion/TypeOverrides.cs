using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Crescent.Kernels;
using Crescent.Kernels.Quantization;

namespace Crescent.Engine.Conversion;

/// <summary>
/// Types for tensors chosen by name, each written <c>PATTERN=TYPE</c>. A pattern is a .NET regular expression found anywhere in a tensor's name; the first that is found decides. Matching takes
/// time linear in the name's length (no look-around, no back-references).
/// </summary>
public sealed class TypeOverrides
{
    private const int MaxPatternLength = 1000;

    private readonly (Regex Pattern, DType Type)[] _overrides;

    private TypeOverrides((Regex Pattern, DType Type)[] overrides) => _overrides = overrides;

    /// <summary>No overrides.</summary>
    public static TypeOverrides None { get; } = new([]);

    /// <exception cref="ArgumentException">An argument is not <c>PATTERN=TYPE</c>, the pattern is no such expression, or the type cannot be encoded.</exception>
    public static TypeOverrides Parse(IEnumerable<string> arguments) => new([.. arguments.Select(ParseOne)]);

    /// <summary>The type for a tensor, where a pattern is found in its name.</summary>
    public bool TryGet(string tensor, out DType type)
    {
        foreach (var (pattern, candidate) in _overrides)
        {
            if (pattern.IsMatch(tensor))
            {
                type = candidate;
                return true;
            }
        }

        type = default;
        return false;
    }

    /// <summary>Patterns that decide over none of these tensors: a slip of the pen, most likely.</summary>
    public IReadOnlyList<string> Unused(IEnumerable<string> tensors)
    {
        var deciding = tensors.Select(tensor => Array.FindIndex(_overrides, one => one.Pattern.IsMatch(tensor))).ToHashSet();
        return [.. _overrides.Where((_, index) => !deciding.Contains(index)).Select(one => one.Pattern.ToString())];
    }

    private static (Regex Pattern, DType Type) ParseOne(string argument)
    {
        // A pattern may hold '='; a type never does.
        var equals = argument.LastIndexOf('=');
        if (equals <= 0 || equals == argument.Length - 1)
        {
            throw new ArgumentException($"\"{argument}\" is not PATTERN=TYPE, for example ffn_down=Q6_K", nameof(argument));
        }

        return (ParsePattern(argument[..equals]), ParseType(argument[(equals + 1)..], argument));
    }

    private static Regex ParsePattern(string pattern)
    {
        if (pattern.Length > MaxPatternLength)
        {
            ThrowPattern(pattern[..40] + "…", $"it has {pattern.Length} characters, at most {MaxPatternLength} are read", null);
        }

        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (RegexParseException exception)
        {
            ThrowPattern(pattern, exception.Message, exception);
        }
        catch (NotSupportedException exception)
        {
            ThrowPattern(pattern, "look-around, back-references and atomic groups are not supported", exception);
        }

        return null;
    }

    private static DType ParseType(string name, string argument)
    {
        var encodable = RowCodec.Supported.Where(RowCodec.CanEncode).ToArray();
        foreach (var dtype in encodable)
        {
            if (dtype.Layout().Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return dtype;
            }
        }

        throw new ArgumentException($"\"{name}\" in \"{argument}\" is no type that can be encoded; expected one of {string.Join(", ", encodable)}", nameof(name));
    }

    [DoesNotReturn]
    private static void ThrowPattern(string pattern, string reason, Exception? inner) =>
        throw new ArgumentException($"the pattern \"{pattern}\" cannot be used: {reason}", nameof(pattern), inner);
}
