/* The Text tab. */
"use strict";
