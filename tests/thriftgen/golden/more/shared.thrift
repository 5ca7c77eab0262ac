// Nothing but one struct.

struct Extra { 1: map<string, string> extra }
