using System.Globalization;
using System.Text;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>PostgreSQL's templates of numbers, for to_char and to_number: 'FM999,990.00'.</summary>
/// <remarks>
/// Known are blanks, 9 0 . D , G FM S (at either end) MI PL SG PR V EEEE RN TH, and L, which is a blank: there is no currency. A number with more digits
/// before the point than the template has is shown as #, as in PostgreSQL.
/// </remarks>
internal sealed class NumberTemplate
{
    // Behind the point of a decimal.
    private const int DigitsMax = 28;

    private readonly List<char> picture = [];
    private readonly bool fills = true;
    private readonly string sign = "";
    private readonly bool isSignFirst;

    // Digits behind V, by which the number is shifted; -1 without.
    private readonly int shiftFrom = -1;
    private readonly bool isScientific;

    // 'N' or 'n' for Roman numbers, 'H' or 'h' for ordinals.
    private readonly char roman;
    private readonly char ordinal;

    public NumberTemplate(string template)
    {
        for (var i = 0; i < template.Length; i++)
        {
            var rest = template.AsSpan(i);
            if (rest.StartsWith("FM", StringComparison.OrdinalIgnoreCase))
            {
                fills = false;
                i++;
            }
            else if (rest.StartsWith("MI", StringComparison.OrdinalIgnoreCase) || rest.StartsWith("PR", StringComparison.OrdinalIgnoreCase)
                || rest.StartsWith("PL", StringComparison.OrdinalIgnoreCase) || rest.StartsWith("SG", StringComparison.OrdinalIgnoreCase))
            {
                sign = sign.Length == 0 ? rest[..2].ToString().ToUpperInvariant() : throw Error.NotSupported("More than one sign in a template of numbers");
                isSignFirst = picture.Count == 0;
                i++;
            }
            else if (rest.StartsWith("RN", StringComparison.OrdinalIgnoreCase))
            {
                roman = rest[0] == 'R' ? 'N' : 'n';
                i++;
            }
            else if (rest.StartsWith("TH", StringComparison.OrdinalIgnoreCase))
            {
                ordinal = rest[0] == 'T' ? 'H' : 'h';
                i++;
            }
            else if (rest.StartsWith("EEEE", StringComparison.OrdinalIgnoreCase))
            {
                isScientific = true;
                i += 3;
            }
            else if (rest[0] is 'V' or 'v')
            {
                shiftFrom = picture.Count;
            }
            else if (rest[0] is 'S' or 's')
            {
                sign = sign.Length == 0 ? "S" : throw Error.NotSupported("More than one sign in a template of numbers");
                isSignFirst = picture.Count == 0;
            }
            else
            {
                picture.Add(char.ToUpperInvariant(rest[0]) switch
                {
                    '9' => '9',
                    '0' => '0',
                    '.' or 'D' => '.',
                    ',' or 'G' => ',',
                    ' ' or 'L' => ' ',
                    _ => throw Error.NotSupported($"'{rest[0]}' in a template of numbers"),
                });
            }
        }

        if (picture.Count(c => c == '.') > 1)
        {
            throw Error.InvalidArgument("to_char", "the template has more than one point.");
        }

        if (shiftFrom >= 0 && picture.Contains('.'))
        {
            throw Error.InvalidArgument("to_char", "V and a point do not stand in one template.");
        }

        if ((isScientific && (!fills || sign.Length > 0 || ordinal != 0 || shiftFrom >= 0 || picture.Exists(c => c is ',' or ' '))) || (roman != 0 && picture.Exists(c => c != ' ')))
        {
            throw Error.InvalidArgument("to_char", "EEEE stands behind digits and a point alone, RN beside FM alone.");
        }
    }

    private int Decimals => picture.IndexOf('.') is >= 0 and var point ? picture.Skip(point + 1).Count(c => c is '9' or '0') : 0;

    private int Integers => picture.TakeWhile(c => c != '.').Count(c => c is '9' or '0');

    public string Format(decimal value, MidpointRounding rounding = MidpointRounding.AwayFromZero)
    {
        if (roman != 0)
        {
            return FormatRoman(value);
        }

        var decimals = Decimals;
        if (isScientific)
        {
            return FormatScientific(value);
        }

        var shift = shiftFrom < 0 ? 0 : picture.Skip(shiftFrom).Count(c => c is '9' or '0');
        for (; shift > 0; shift--)
        {
            value = Math.Abs(value) < decimal.MaxValue / 10 ? value * 10 : value < 0 ? decimal.MinValue : decimal.MaxValue;
        }

        // More digits than decimal has are zeros.
        var rounded = decimal.Round(Math.Abs(value), Math.Min(decimals, DigitsMax), rounding);
        var text = rounded.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        var whole = text.Split('.')[0].TrimStart('0');
        var isOverflow = whole.Length > Integers;
        var isNegative = value < 0 && text.AsSpan().IndexOfAnyInRange('1', '9') >= 0;
        var digits = isOverflow ? new string('#', Integers) + new string('#', decimals) : whole.PadLeft(Integers, ' ') + (decimals > 0 ? text.Split('.')[1] : "");
        var shown = WithSign(Fill(digits, decimals), isNegative);
        return ordinal == 0 || isNegative || decimals > 0 ? shown : shown + Suffix(whole);
    }

    /// <summary>Whether the template ends in EEEE: any number has room in it.</summary>
    public bool IsScientific => isScientific;

    /// <summary>By EEEE: one digit, the point, digits and the exponent; # for what is no number.</summary>
    public string FormatScientific<T>(T value)
        where T : System.Numerics.INumber<T>
    {
        if (!T.IsFinite(value))
        {
            var hidden = new StringBuilder(" ").Append('#', Integers + Decimals + 5);
            hidden[Integers + 1] = '.';
            return hidden.ToString();
        }

        // .NET writes three digits of the exponent at least, PostgreSQL two.
        var parts = value.ToString("e" + Decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).Split('e');
        return string.Create(CultureInfo.InvariantCulture, $"{(parts[0][0] == '-' ? "" : " ")}{parts[0]}e{parts[1][0]}{int.Parse(parts[1][1..], CultureInfo.InvariantCulture):00}");
    }

    private string Suffix(string number)
    {
        var teens = number.Length > 1 && number[^2] == '1';
        var suffix = teens || number.Length == 0 ? "th" : number[^1] switch { '1' => "st", '2' => "nd", '3' => "rd", _ => "th" };
        return ordinal == 'H' ? suffix.ToUpperInvariant() : suffix;
    }

    private string FormatRoman(decimal value)
    {
        const int WidthMax = 15;
        var number = decimal.Round(value, 0, MidpointRounding.AwayFromZero);
        if (number is < 1 or > 3999)
        {
            return new string('#', WidthMax);
        }

        ReadOnlySpan<(int Value, string Text)> numerals =
            [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")];
        var text = new StringBuilder();
        var left = (int)number;
        foreach (var (amount, numeral) in numerals)
        {
            for (; left >= amount; left -= amount)
            {
                text.Append(numeral);
            }
        }

        var shown = roman == 'n' ? text.ToString().ToLowerInvariant() : text.ToString();
        return fills ? shown.PadLeft(WidthMax) : shown;
    }

    /// <summary>Reads a number, whatever the template: digits, a point and a sign; all else is passed over.</summary>
    public static decimal Parse(string text)
    {
        var isNegative = text.Contains('-', StringComparison.Ordinal) || text.Contains('<', StringComparison.Ordinal);
        var number = new string([.. text.Where(c => char.IsAsciiDigit(c) || c == '.')]);
        if (number.Count(c => c == '.') > 1 || number.AsSpan().IndexOfAnyInRange('0', '9') < 0)
        {
            throw Error.InvalidText("numeric", text);
        }

        return decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            ? (isNegative ? -value : value) : throw Error.NumericOutOfRange("numeric");
    }

    /// <summary>Puts the digits into the picture.</summary>
    /// <param name="digits">One for each 9 and 0 of the picture; blanks where the number has none.</param>
    private string Fill(string digits, int decimals)
    {
        var target = new StringBuilder();
        var firstZero = picture.IndexOf('0') is >= 0 and var zero && (picture.IndexOf('.') < 0 || zero < picture.IndexOf('.')) ? zero : int.MaxValue;
        var next = 0;
        var isBegun = false;
        var point = picture.IndexOf('.');
        for (var i = 0; i < picture.Count; i++)
        {
            var c = picture[i];
            if (c == '.')
            {
                target.Append('.');
                isBegun = true;
                continue;
            }

            if (c == ' ')
            {
                target.Append(' ');
                continue;
            }

            if (c == ',')
            {
                target.Append(isBegun || i > firstZero ? "," : fills ? " " : "");
                continue;
            }

            var digit = digits[next++];
            if (digit != ' ')
            {
                isBegun = true;
                target.Append(digit);
            }
            else if (i >= firstZero)
            {
                isBegun = true;
                target.Append('0');
            }
            else
            {
                // A number without digits before the point shows a zero there only where there is no place for digits behind it.
                var isLastInteger = point < 0 && next == digits.Length;
                target.Append(isLastInteger ? "0" : fills ? " " : "");
            }
        }

        var shown = target.ToString();
        if (!fills && decimals > 0)
        {
            // FM drops zeros at the end that were not asked for by 0.
            var lastZero = picture.LastIndexOf('0');
            var kept = point + 1 + Math.Max(0, lastZero > point ? lastZero - point : 0);
            var end = shown.Length;
            var firstDecimal = shown.IndexOf('.') + 1;
            while (end > firstDecimal && shown[end - 1] == '0' && end - firstDecimal > kept - point - 1)
            {
                end--;
            }

            shown = shown[..end];
        }

        return shown;
    }

    private string WithSign(string shown, bool isNegative)
    {
        var body = shown.TrimStart(' ');
        var blanks = shown[..^body.Length];
        return sign switch
        {
            "S" => isSignFirst ? blanks + (isNegative ? "-" : "+") + body : shown + (isNegative ? "-" : "+"),
            "SG" => isSignFirst ? (isNegative ? "-" : "+") + shown : shown + (isNegative ? "-" : "+"),
            "MI" => isSignFirst ? (isNegative ? "-" : fills ? " " : "") + shown : shown + (isNegative ? "-" : fills ? " " : ""),
            "PL" => isSignFirst ? (isNegative ? " " : "+") + shown : shown + (isNegative ? " " : "+"),
            "PR" => isNegative ? blanks + "<" + body + ">" : fills ? " " + shown + " " : shown,
            _ => fills || isNegative ? blanks + (isNegative ? "-" : " ") + body : body,
        };
    }
}
