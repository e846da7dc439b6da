using System.Text;
using System.Text.Json;

namespace Crescent.Text.Answers;

/// <summary>
/// Reads one call that is a JSON object with a name and arguments, in whatever order, while it grows: arguments are given out once the name is known. An object
/// <c>"function": {…}</c> inside counts as its own members. Broken arguments are given out as they are.
/// </summary>
/// <param name="resolve">The tool a name means; null where it means none, which fails the call.</param>
/// <param name="isStrict">Whether members of other names fail the call: it is then some JSON that is no call.</param>
internal sealed class JsonCallReader(AnswerWriter writer, CallCounter calls, Func<string, string?> resolve, bool isStrict)
{
    private enum State
    {
        Start,
        Key,
        Colon,
        Value,
        Raw,
        Done,
        Failed,
    }

    private readonly StringBuilder _raw = new();
    private readonly StringBuilder _value = new();
    private readonly JsonStringState _string = new();
    private readonly StringBuilder _pending = new();
    private State _state;
    private string? _key;
    private string? _name;
    private int _objects;
    private int _depth;
    private bool _isBegun;
    private bool _isInKey;
    private bool _isString;
    private bool _anyValue;

    /// <summary>Whether the object is complete.</summary>
    public bool IsDone => _state == State.Done;

    /// <summary>Whether it is no call.</summary>
    public bool HasFailed => _state == State.Failed && !_isBegun;

    /// <summary>All that was taken in.</summary>
    public string Text => _raw.ToString();

    /// <summary>Takes text in up to the object's end, all of it where there is none; returns how much.</summary>
    public int Push(ReadOnlySpan<char> text)
    {
        var taken = 0;
        while (taken < text.Length && _state != State.Done)
        {
            Next(text[taken++]);
        }

        _raw.Append(text[..taken]);
        Flush();
        return taken;
    }

    /// <summary>Ends the call where there is one; false where its name is missing, and nothing was given out.</summary>
    public bool Finish()
    {
        if (HasFailed || _name is null)
        {
            return false;
        }

        if (_state == State.Raw && _key is "arguments" or "parameters")
        {
            EndValue();
        }

        Begin();
        Flush();
        writer.EndCall();
        return true;
    }

    private void Next(char c)
    {
        switch (_state)
        {
            case State.Start:
                _state = c == '{' ? State.Key : IsBlank(c) ? State.Start : State.Failed;
                break;
            case State.Key:
                Key(c);
                break;
            case State.Colon:
                _state = c == ':' ? State.Value : IsBlank(c) ? State.Colon : State.Failed;
                break;
            case State.Value:
                BeginValue(c);
                break;
            case State.Raw:
                Raw(c);
                break;
        }
    }

    private void Key(char c)
    {
        if (_isInKey)
        {
            _value.Append(c);
            _string.Push([c]);
            if (!_string.IsInside)
            {
                _isInKey = false;
                _key = Unquote(_value.ToString());
                _state = isStrict && _key is not ("name" or "arguments" or "parameters" or "type" or "function" or "id") ? State.Failed : State.Colon;
            }
        }
        else if (c == '"')
        {
            _isInKey = true;
            _value.Clear().Append(c);
            _string.Reset();
            _string.Push([c]);
        }
        else if (c == '}')
        {
            EndObject();
        }
        else if (!IsBlank(c) && c != ',')
        {
            _state = State.Failed;
        }
    }

    private void EndObject() => _state = _objects-- > 0 ? State.Key : State.Done;

    private void BeginValue(char c)
    {
        if (IsBlank(c))
        {
            return;
        }

        if (_key == "function" && c == '{')
        {
            _objects++;
            _state = State.Key;
            return;
        }

        _value.Clear();
        _string.Reset();
        _depth = 0;
        _isString = c == '"';
        _anyValue = false;
        _state = State.Raw;
        Raw(c);
    }

    // A value as it is written, to its last character; a number or a word ends before what follows it.
    private void Raw(char c)
    {
        var wasInside = _string.IsInside;
        if (!wasInside && _depth == 0 && _anyValue && (c is ',' or '}' or ']' || IsBlank(c)))
        {
            EndValue();
            Next(c);
            return;
        }

        _value.Append(c);
        _anyValue = true;
        _string.Push([c]);
        if (!wasInside && !_string.IsInside)
        {
            _depth += c is '{' or '[' ? 1 : c is '}' or ']' ? -1 : 0;
        }

        if (_depth <= 0 && !_string.IsInside && (c is '}' or ']' || (wasInside && c == '"')))
        {
            EndValue();
        }
    }

    private void EndValue()
    {
        var value = _value.ToString();
        _state = State.Key;
        switch (_key)
        {
            case "name" or "function" when _name is null && _isString:
                _name = resolve(Unquote(value));
                if (_name is null)
                {
                    _state = State.Failed;
                }

                break;
            case "arguments" or "parameters":
                _pending.Append(_isString ? Unquote(value) : value);
                Begin();
                break;
        }

        _value.Clear();
        Flush();
    }

    private void Begin()
    {
        if (!_isBegun && _name is not null)
        {
            _isBegun = true;
            writer.BeginCall(calls.NextId(), _name);
        }
    }

    // What is certain of the arguments. A string that holds them is taken as a whole.
    private void Flush()
    {
        if (_name is null)
        {
            return;
        }

        if (_state == State.Raw && _key is "arguments" or "parameters" && !_isString)
        {
            _pending.Append(_value);
            _value.Clear();
        }

        if (_pending.Length > 0)
        {
            Begin();
            writer.Arguments(_pending.ToString());
            _pending.Clear();
        }
    }

    private static bool IsBlank(char c) => c is ' ' or '\t' or '\r' or '\n';

    private static string Unquote(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.GetString() ?? "";
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return json.Trim('"');
        }
    }
}
